import * as v from 'valibot';

/** What `npm audit --json` writes (report version 2, since npm 7). */
const reportSchema = v.object({
  auditReportVersion: v.literal(2),
  vulnerabilities: v.record(
    v.string(),
    v.object({
      severity: v.string(),
      /** An object names the version to go to, where that is another major one. */
      fixAvailable: v.union([v.boolean(), v.looseObject({})]),
    }),
  ),
});

/** What it writes where the registry does not answer. */
const failureSchema = v.object({ message: v.string() });

export type Verdict =
  | { outcome: 'checked'; fixable: string[]; unfixable: string[] }
  | { outcome: 'not-checked'; reason: string };

/** Names the packages with a known vulnerability of severity high or critical, by whether a fix is known. */
export function judgeAudit(output: string): Verdict {
  const report = v.safeParse(v.pipe(v.string(), v.parseJson(), reportSchema), output);
  if (!report.success) {
    const failure = v.safeParse(v.pipe(v.string(), v.parseJson(), failureSchema), output);
    const reason = failure.success ? failure.output.message : 'npm audit wrote no report';
    return { outcome: 'not-checked', reason };
  }
  const grave = Object.entries(report.output.vulnerabilities).filter(([, { severity }]) =>
    ['high', 'critical'].includes(severity),
  );
  const names = (isFixable: boolean) =>
    grave.filter(([, { fixAvailable }]) => (fixAvailable !== false) === isFixable).map(([name]) => name);
  return { outcome: 'checked', fixable: names(true), unfixable: names(false) };
}
