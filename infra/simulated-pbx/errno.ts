/** The PBX's error numbers; it sends them as strings. */
export type Errno =
  /** Unsupported request. */
  | '10003'
  /** The body is not JSON. */
  | '20000'
  /** Not a POST. */
  | '20001'
  /** Login refused: the address is locked out. */
  | '20002'
  /** Login refused: wrong username or password. */
  | '20003'
  /** Token unknown. */
  | '20004'
  /** Token blank. */
  | '20005'
  /** Token timed out. */
  | '20006'
  /** Recording does not exist, or the random is not valid. */
  | '20012'
  /** Recording deleted, missing or not ready yet. */
  | '20014'
  /** Malformed `allowedip`. */
  | '20015';

/** The response of an endpoint: the fields to send with `"status":"Success"`, or an error number. */
export type Outcome = Record<string, unknown> | Errno;
