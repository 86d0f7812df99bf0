import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIRECTORY_VARIABLE, readEvidence } from './evidence.ts';
import { findLeaks } from './find-leaks.ts';

/** Fails the run, at its end, if any secret that was used in it stands in any line that was printed in it. */
export default function watchForSecrets(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'log-evidence-'));
  process.env[DIRECTORY_VARIABLE] = directory;
  return () => {
    const { lines, secrets } = readEvidence(directory);
    rmSync(directory, { recursive: true });
    const leaks = findLeaks(lines, secrets);
    if (leaks.length > 0) throw new Error(`Secrets have been printed:\n  ${leaks.join('\n  ')}`);
    console.log(`No secret stands in a line: ${lines.length} lines, ${secrets.length} secrets.`);
  };
}
