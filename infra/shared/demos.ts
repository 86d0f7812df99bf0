/** What `npm start -- --demo` can show: a simulated PBX of a family, or one of each. */
export const DEMOS = ['s-series', 'p-series', 'mixed'] as const;

export type DemoName = (typeof DEMOS)[number];

export const DEFAULT_DEMO: DemoName = 's-series';

/** The name of the directory with the state of a demo. */
export const demoDirectory = (demo: DemoName) => (demo === DEFAULT_DEMO ? 'demo' : `demo-${demo}`);
