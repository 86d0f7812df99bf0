/** How far the clock of the device is behind that of the archive. A wrong one must not make links look valid or expired. */
let behindMs = 0;

/** Every response of the archive has its time (RFC 9110, section 6.6.1). */
export function setClock({ headers }: Response): void {
  const date = Date.parse(headers.get('date') ?? '');
  if (!Number.isNaN(date)) behindMs = date - Date.now();
}

/** Like `Date.now()`, by the clock of the archive. */
export const archiveNow = (): number => Date.now() + behindMs;
