import type { ColdStarts } from './cold-start.ts';
import type { RecordingCost } from './cost.ts';
import type { Backlog, BucketGrowth } from './growth.ts';
import type { Memory } from './memory.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { Streaming } from './streaming/streaming.ts';
import type { Workload } from './work.ts';

/** All that `npm run bench` measures, and writes with `--json`. Milliseconds, bytes and US dollars. */
export interface Results {
  machine: { node: string; architecture: string; processor: string; cores: number };
  date: string;
  runs: number;
  coldStarts: ColdStarts;
  streaming: Streaming[];
  memory: Memory;
  pipeline: Pipeline;
  backlogs: Backlog[];
  buckets: BucketGrowth[];
  work: Workload;
  recordingCosts: RecordingCost[];
  /** A month. */
  fixedCosts: Record<string, number>;
}
