import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Names the directory that every process of a test run writes its evidence to; if unset, none is recorded. */
export const DIRECTORY_VARIABLE = 'LOG_EVIDENCE_DIRECTORY';

export interface Line {
  text: string;
  /** The test or program that printed it. */
  source: string;
}

export interface Secret {
  kind: string;
  value: string;
}

export interface Evidence {
  noteLine(line: Line): void;
  noteSecret(secret: Secret): void;
}

/** Every write is synchronous, because the process may be killed at any moment. */
export function openEvidence(directory: string): Evidence {
  const file = openSync(join(directory, `${process.pid}.jsonl`), 'a', 0o600);
  const known = new Set<string>();
  return {
    noteLine: (line) => writeSync(file, `${JSON.stringify(line)}\n`),
    noteSecret(secret) {
      if (known.has(secret.value)) return;
      known.add(secret.value);
      writeSync(file, `${JSON.stringify(secret)}\n`);
    },
  };
}

/** The lines and secrets that all processes recorded. */
export function readEvidence(directory: string): { lines: Line[]; secrets: Secret[] } {
  const lines: Line[] = [];
  const secrets: Secret[] = [];
  for (const name of readdirSync(directory)) {
    const notes = readFileSync(join(directory, name), 'utf8').split('\n');
    // A kill may have cut off the last one.
    for (const note of notes.slice(0, -1)) {
      const noted: Line | Secret = JSON.parse(note);
      if ('text' in noted) lines.push(noted);
      else secrets.push(noted);
    }
  }
  return { lines, secrets };
}
