import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIRECTORY_VARIABLE, readEvidence } from './evidence.ts';
import { findLeaks } from './find-leaks.ts';

/** At the end of the run, fails it if any secret that was used appears in any line that was printed. */
export default function watchForSecrets(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'log-evidence-'));
  process.env[DIRECTORY_VARIABLE] = directory;
  return () => {
    const { lines, secrets } = readEvidence(directory);
    rmSync(directory, { recursive: true });
    const leaks = findLeaks(lines, secrets);
    if (leaks.length > 0) throw new Error(`Secrets were printed:\n  ${leaks.join('\n  ')}`);
    console.log(`No secret was printed: checked ${lines.length} lines for ${secrets.length} secrets.`);
  };
}
