import { pathToFileURL } from 'node:url';
import { beforeEach } from 'vitest';
import { running } from './collect.ts';

// Programs started by tests record what they print, too.
process.env.NODE_OPTIONS = `--import=${pathToFileURL(`${import.meta.dirname}/collect.ts`)}`;

beforeEach(({ task }) => {
  running.source = `${task.file.name}: ${task.name}`;
});
