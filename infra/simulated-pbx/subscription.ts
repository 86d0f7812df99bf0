/** Where the PBX posts its reports, and whether as well-formed JSON. */
export interface Subscription {
  url: string;
  wellFormed: boolean;
}

/**
 * Returns the URL that a login or a heartbeat subscribes, or `undefined` if it has neither URL nor port. If `urltag`
 * is "1", the URL is absolute; the guide's examples omit the scheme. Otherwise it is relative to the caller's address
 * and `port`. Without `url`, reports go to the root of the caller's address.
 */
export function resolveReportUrl(fields: {
  url: string;
  urltag: string;
  port: string;
  callerAddress: string;
}): string | undefined {
  const { url, urltag, port, callerAddress } = fields;
  if (url !== '' && urltag === '1') return /^https?:\/\//i.test(url) ? url : `http://${url}`;
  if (url === '' && port === '') return undefined;
  const host = callerAddress.includes(':') ? `[${callerAddress}]` : callerAddress;
  return `http://${host}${port && `:${port}`}/${url.replace(/^\//, '')}`;
}
