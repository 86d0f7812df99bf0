// Loads a bundle as Lambda does, gives it one event after the other, and tells how long each took. CommonJS, and free
// of imports that a bundle might need before it is loaded: whatever is loaded here, the bundle gets for nothing.
const [bundle, events = '[]'] = process.argv.slice(2);
const requests = {};

async function probe() {
  const handler = bundle === undefined ? undefined : require(bundle).handler;
  const loadedMs = performance.now();
  countRequests();
  const answers = [];
  for (const event of JSON.parse(events)) {
    const usedBefore = process.cpuUsage();
    const startedAt = performance.now();
    const answer = await handler(event, { getRemainingTimeInMillis: () => 900_000 });
    // Before the CPU time, whose first reading takes a millisecond or two.
    const ms = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(usedBefore);
    answers.push({ ms, cpuMs: (user + system) / 1000, answer });
  }
  const { maxRSS } = process.resourceUsage();
  const result = JSON.stringify({ loadedMs, answers, requests, maxRssBytes: maxRSS * 1024 });
  require('node:fs').writeSync(3, result);
  process.exit();
}

/** Those to AWS, by their method and host: what goes to a PBX does not go through `node:http`. */
function countRequests() {
  const { subscribe } = require('node:diagnostics_channel');
  subscribe('http.client.request.start', ({ request }) => {
    const to = `${request.method} ${request.getHeader('host')}`;
    requests[to] = (requests[to] ?? 0) + 1;
  });
}

probe();
