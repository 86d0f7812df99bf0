// Loads a bundle as Lambda does, gives it an event, and prints how long each took since the process started.
// CommonJS, and free of imports that a bundle might need: whatever is loaded here, the bundle gets for nothing.
const [bundle, event] = process.argv.slice(2);

async function probe() {
  const handler = bundle === undefined ? undefined : require(bundle).handler;
  const loadedMs = performance.now();
  const answer =
    event === undefined
      ? undefined
      : await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 60_000 });
  const answeredMs = performance.now();
  const { maxRSS } = process.resourceUsage();
  require('node:fs').writeSync(
    3,
    JSON.stringify({ loadedMs, answeredMs, maxRssBytes: maxRSS * 1024, answer }),
  );
  process.exit();
}

probe();
