import { pathToFileURL } from 'node:url';
import { beforeEach } from 'vitest';
import { running } from './collect.ts';

// The programs that tests start note what they print as well.
process.env.NODE_OPTIONS = `--import=${pathToFileURL(`${import.meta.dirname}/collect.ts`)}`;

beforeEach(({ task }) => {
  running.source = `${task.file.name}: ${task.name}`;
});
