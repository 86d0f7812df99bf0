import type { ServerResponse } from 'node:http';

/** The error codes that the simulated PBX sends, with their messages. */
export const MESSAGES = {
  '-1': 'FAILURE',
  10001: 'INTERFACE NOT EXISTED',
  10004: 'TOKEN EXPIRED',
  40002: 'PARAMETER ERROR',
  60001: 'DATA NOT FOUND',
  60002: 'MAX LIMITATION EXCEEDED',
  70004: 'IP BLOCKED',
  70087: 'IP FORBIDDEN',
  70651: 'ANOTHER DOWNLOAD IS IN PROGRESS',
} as const;

/** The fields of a success, or the code of a failure. */
export type Outcome = Record<string, unknown> | number;

/** HTTP status 200 always. A code is an integer. */
export function sendOutcome(response: ServerResponse, outcome: Outcome): void {
  const fields =
    typeof outcome === 'number'
      ? {
          errcode: outcome,
          errmsg: (MESSAGES as Record<string, string>)[outcome] ?? 'FAILURE',
          // With the values that were wrong, which nobody should log.
          ...(outcome === -1 && {
            invalid_param_list: [{ field: 'username or password', value: 'error' }],
          }),
        }
      : { errcode: 0, errmsg: 'SUCCESS', ...outcome };
  const body = JSON.stringify(fields);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
