import { spawnSync } from 'node:child_process';
import { judgeAudit } from './advisories.ts';

// Its exit code does not tell a vulnerability from a registry that does not answer.
const { stdout } = spawnSync('npm', ['audit', '--json', '--fetch-retries=1', '--fetch-timeout=20000'], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
const verdict = judgeAudit(stdout);
if (verdict.outcome === 'not-checked') {
  console.warn(`Advisories: NOT CHECKED, the registry gives no report (${verdict.reason}).`);
} else {
  const { fixable, unfixable } = verdict;
  if (unfixable.length > 0) console.warn(`Advisories: high, and no fix known: ${unfixable.join(', ')}.`);
  if (fixable.length > 0) console.error(`Advisories: high, with a fix (npm audit): ${fixable.join(', ')}.`);
  else console.log('Advisories: no known high vulnerability that has a fix.');
  process.exitCode = fixable.length > 0 ? 1 : 0;
}
