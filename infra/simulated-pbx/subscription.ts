/** Where the PBX posts its reports, and whether as well-formed JSON. */
export interface Subscription {
  url: string;
  wellFormed: boolean;
}

/**
 * The URL that a login or a heartbeat subscribes, or `undefined` when it names neither URL nor port.
 * `urltag` "1" means absolute, and the guide's examples have no scheme; anything else means relative to the
 * caller's address and `port`. Without `url` the reports go to the root of the caller's address.
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
