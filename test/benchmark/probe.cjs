// Loads a bundle as Lambda does, passes it one event after the other and reports the time, CPU, memory and requests.
// CommonJS, without imports before the bundle is loaded: a module loaded here would cost the bundle nothing.
const [bundle, events = '[]'] = process.argv.slice(2);
let requests = {};

async function probe() {
  const handler = bundle === undefined ? undefined : require(bundle).handler;
  const loadedMs = performance.now();
  countRequests();
  const invocations = [];
  for (const event of JSON.parse(events)) {
    requests = {};
    const usageBefore = process.cpuUsage();
    const startedAt = performance.now();
    const response = await handler(event, { getRemainingTimeInMillis: () => 900_000 });
    // Read the clock first: the first call of cpuUsage() is slow.
    const ms = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(usageBefore);
    invocations.push({ ms, cpuMs: (user + system) / 1000, response, requests });
  }
  const { readFileSync, writeSync } = require('node:fs');
  writeSync(3, JSON.stringify({ loadedMs, invocations, maxRssBytes: readPeakMemory(readFileSync) }));
  process.exit();
}

/** Counts requests to AWS by method and host. Requests to a PBX do not go through node:http. */
function countRequests() {
  require('node:diagnostics_channel').subscribe('http.client.request.start', ({ request }) => {
    const target = `${request.method} ${request.getHeader('host')}`;
    requests[target] = (requests[target] ?? 0) + 1;
  });
}

/** From Linux itself: `maxRSS` there includes what the parent process had in memory when it started this one. */
function readPeakMemory(readFileSync) {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kilobytes) * 1024;
}

probe();
