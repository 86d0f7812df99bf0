import type { ServerResponse } from 'node:http';
import type { Errno, Outcome } from './errno.ts';

/** Failures are HTTP 200 as well, and their number is a string. */
export function replyOutcome(response: ServerResponse, outcome: Outcome): void {
  const fields = typeof outcome === 'string' ? failure(outcome) : { status: 'Success', ...outcome };
  reply(response, 200, 'application/json', JSON.stringify(fields));
}

export const failure = (errno: Errno | string) => ({ status: 'Failed', errno });

export function replyHtml(response: ServerResponse, status: number, title: string): void {
  reply(
    response,
    status,
    'text/html',
    `<html><head><title>${title}</title></head><body>${title}</body></html>`,
  );
}

export function reply(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
