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
  /** Token unknown, blank, timed out. */
  | '20004'
  | '20005'
  | '20006'
  /** Recording does not exist, or the random is not valid. */
  | '20012'
  /** Recording deleted, missing or not ready yet. */
  | '20014'
  /** Malformed `allowedip`. */
  | '20015';

/** What an endpoint answers: the fields beside `"status":"Success"`, or the number of its failure. */
export type Outcome = Record<string, unknown> | Errno;
