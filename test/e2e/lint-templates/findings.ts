/** What a linter has against a template. */
export interface Finding {
  /** Such as `E3006` of cfn-lint and `CKV_AWS_18` of checkov. */
  rule: string;
  /** `TYPE.LOGICAL_ID`; empty if it concerns the template as a whole. */
  resource: string;
  message: string;
  configuration: string;
}

/** A finding that is not a flaw here. */
export interface AcceptedFinding {
  rule: string;
  /** Matches the beginning of `resource`. */
  resource: string;
  reason: string;
}

export interface Verdict {
  /** The findings that nobody has accepted. */
  open: Finding[];
  /** What was accepted and is no longer found. */
  stale: AcceptedFinding[];
}

export function judge(findings: readonly Finding[], accepted: readonly AcceptedFinding[]): Verdict {
  const covers = (acceptance: AcceptedFinding, finding: Finding) =>
    acceptance.rule === finding.rule && finding.resource.startsWith(acceptance.resource);
  return {
    open: findings.filter((finding) => !accepted.some((acceptance) => covers(acceptance, finding))),
    stale: accepted.filter((acceptance) => !findings.some((finding) => covers(acceptance, finding))),
  };
}
