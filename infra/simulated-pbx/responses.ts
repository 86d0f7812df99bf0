import type { ServerResponse } from 'node:http';
import type { Errno, Outcome } from './errno.ts';

/** Failures are sent with HTTP 200 as well. Their number is a string. */
export function sendOutcome(response: ServerResponse, outcome: Outcome, padding: string): void {
  const fields = typeof outcome === 'string' ? failure(outcome) : { status: 'Success', ...outcome };
  send(response, 200, 'application/json', JSON.stringify(fields) + padding);
}

export const failure = (errno: Errno | string) => ({ status: 'Failed', errno });

export function sendHtml(response: ServerResponse, status: number, title: string): void {
  send(
    response,
    status,
    'text/html',
    `<html><head><title>${title}</title></head><body>${title}</body></html>`,
  );
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
