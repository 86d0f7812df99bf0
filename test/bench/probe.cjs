// Loads a bundle as Lambda does, gives it an event, and prints how long each took since the process started.
// CommonJS, and free of imports that a bundle might need: whatever is loaded here, the bundle gets for nothing.
const [bundle, event] = process.argv.slice(2);

async function probe() {
  const handler = bundle === undefined ? undefined : require(bundle).handler;
  const loadedMs = performance.now();
  const usedBefore = process.cpuUsage();
  const answer =
    event === undefined
      ? undefined
      : await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 900_000 });
  const answeredMs = performance.now();
  const { user, system } = process.cpuUsage(usedBefore);
  const { maxRSS } = process.resourceUsage();
  require('node:fs').writeSync(
    3,
    JSON.stringify({
      loadedMs,
      answeredMs,
      answeringCpuMs: (user + system) / 1000,
      maxRssBytes: maxRSS * 1024,
      answer,
    }),
  );
  process.exit();
}

probe();
