import * as v from 'valibot';

/** The output of `npm audit --json` (report version 2, since npm 7). */
const reportSchema = v.object({
  auditReportVersion: v.literal(2),
  vulnerabilities: v.record(
    v.string(),
    v.object({
      severity: v.string(),
      /** An object if the fix is another major version, which it names. */
      fixAvailable: v.union([v.boolean(), v.looseObject({})]),
    }),
  ),
});

/** The output if the registry does not respond, or rejects the request. */
const failureSchema = v.object({ message: v.string() });

export type Verdict =
  | { outcome: 'checked'; fixable: string[]; unfixable: string[] }
  | { outcome: 'not-checked'; reason: string };

/** Lists the packages with a vulnerability of severity high or critical: those with a known fix, and the others. */
export function judgeAudit(output: string): Verdict {
  const report = v.safeParse(v.pipe(v.string(), v.parseJson(), reportSchema), output);
  if (!report.success) {
    const failure = v.safeParse(v.pipe(v.string(), v.parseJson(), failureSchema), output);
    const reason = failure.success ? failure.output.message : 'npm audit printed no report';
    return { outcome: 'not-checked', reason };
  }
  const severe = Object.entries(report.output.vulnerabilities).filter(([, { severity }]) =>
    ['high', 'critical'].includes(severity),
  );
  const namesOf = (isFixable: boolean) =>
    severe.filter(([, { fixAvailable }]) => (fixAvailable !== false) === isFixable).map(([name]) => name);
  return { outcome: 'checked', fixable: namesOf(true), unfixable: namesOf(false) };
}
