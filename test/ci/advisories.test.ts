import { describe, expect, test } from 'vitest';
import { judgeAudit } from '../../.ci/advisories.ts';

/** A report in the format of npm 11. */
function report(...found: { name: string; severity: string; fixAvailable: unknown }[]): string {
  const vulnerabilities = found.map(({ name, severity, fixAvailable }) => [
    name,
    {
      name,
      severity,
      isDirect: false,
      via: [
        {
          source: 1096456,
          name,
          dependency: name,
          title: `Prototype Pollution in ${name}`,
          url: 'https://github.com/advisories/GHSA-vh95-rmgr-6w4m',
          severity,
          cwe: ['CWE-1321'],
          cvss: { score: 7.5, vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' },
          range: '<0.2.1',
        },
      ],
      effects: [],
      range: '<0.2.1',
      nodes: [`node_modules/${name}`],
      fixAvailable,
    },
  ]);
  const metadata = {
    vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0, total: found.length },
    dependencies: { prod: 95, dev: 310, optional: 80, peer: 0, peerOptional: 0, total: 405 },
  };
  return JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: Object.fromEntries(vulnerabilities),
    metadata,
  });
}

const checked = (fixable: string[] = [], unfixable: string[] = []) => ({
  outcome: 'checked',
  fixable,
  unfixable,
});

describe('judgeAudit', () => {
  test('lists no package if there is no vulnerability', () => {
    expect(judgeAudit(report())).toEqual(checked());
  });

  test.each(['high', 'critical'])('lists severity %s, with or without a fix', (severity) => {
    expect(judgeAudit(report({ name: 'minimist', severity, fixAvailable: true }))).toEqual(
      checked(['minimist']),
    );
    expect(judgeAudit(report({ name: 'minimist', severity, fixAvailable: false }))).toEqual(
      checked([], ['minimist']),
    );
  });

  test('counts another major version as a fix', () => {
    const fixAvailable = { name: 'aws-cdk', version: '3.0.0', isSemVerMajor: true };
    expect(judgeAudit(report({ name: 'minimist', severity: 'high', fixAvailable }))).toEqual(
      checked(['minimist']),
    );
  });

  test.each(['info', 'low', 'moderate'])('ignores severity %s', (severity) => {
    expect(judgeAudit(report({ name: 'minimist', severity, fixAvailable: true }))).toEqual(checked());
  });

  test('lists all packages, in the order of the report', () => {
    const found = [
      { name: 'a', severity: 'high', fixAvailable: true },
      { name: 'b', severity: 'low', fixAvailable: true },
      { name: 'c', severity: 'critical', fixAvailable: false },
      { name: 'd', severity: 'critical', fixAvailable: true },
    ];
    expect(judgeAudit(report(...found))).toEqual(checked(['a', 'd'], ['c']));
  });
});

describe('judgeAudit reports that nothing was checked', () => {
  test('if the registry rejects the request, with the reason that npm gives', () => {
    const message =
      '405 Method Not Allowed - POST https://registry.npmjs.org/-/npm/v1/security/advisories/bulk';
    const headers = { allow: ['GET,HEAD'] };
    const refusal = { message, method: 'POST', headers, statusCode: 405, body: '', error: { summary: '' } };
    expect(judgeAudit(JSON.stringify(refusal))).toEqual({ outcome: 'not-checked', reason: message });
  });

  test.each(['', 'npm error code ENOLOCK', '{}', '{"auditReportVersion":3,"vulnerabilities":{}}'])(
    'if the output is not a report: %s',
    (output) => {
      expect(judgeAudit(output)).toEqual({ outcome: 'not-checked', reason: 'npm audit printed no report' });
    },
  );
});
