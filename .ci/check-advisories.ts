import { spawnSync } from 'node:child_process';
import { judgeAudit } from './advisories.ts';

// The exit code is no help: it is the same for a vulnerability and for a registry that does not respond.
const { stdout } = spawnSync('npm', ['audit', '--json', '--fetch-retries=1', '--fetch-timeout=20000'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
const verdict = judgeAudit(stdout);
if (verdict.outcome === 'not-checked') {
  console.warn(`Advisories: NOT CHECKED, because the registry returned no report (${verdict.reason}).`);
} else {
  const { fixable, unfixable } = verdict;
  if (unfixable.length > 0) {
    console.warn(`Advisories: high or critical, no fix available: ${unfixable.join(', ')}.`);
  }
  if (fixable.length > 0) {
    console.error(
      `Advisories: high or critical, fix available: ${fixable.join(', ')}. Run "npm audit" for details, and update.`,
    );
  } else {
    console.log('Advisories: no high or critical vulnerability with a fix.');
  }
  process.exitCode = fixable.length > 0 ? 1 : 0;
}
