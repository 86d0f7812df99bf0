const CODE =
  /^(?:(?!pbx-)[a-z]+(?:-[a-z]+)*|pbx-(?:bad-range|bad-response|connection|http-status|malformed|none|minus-[12]|[12]\d{4}|[4-8]0[01]\d\d|706\d\d))$/;

/**
 * Passes only an `ArchiveError`'s own codes, of which there are some dozens. A code may also be the name of any AWS SDK
 * error, or contain an error number that the PBX made up.
 */
export function boundedCode(code: unknown): string {
  return typeof code === 'string' && CODE.test(code) ? code : 'other';
}
