import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { relative } from 'node:path';
import { formatWithOptions } from 'node:util';
import { logChannel } from '../../functions/shared/telemetry/log.ts';
import { DIRECTORY_VARIABLE, openEvidence, type Secret } from './evidence.ts';
import { secretsOfBody, secretsOfCookies, secretsOfHead } from './secrets-on-the-wire.ts';

/** Every body that contains a secret is shorter. */
const MAX_BODY_CHARACTERS = 64 * 1024;

/** So that no secret hides in abbreviated output. */
const UNABRIDGED = {
  depth: 20,
  breakLength: Number.POSITIVE_INFINITY,
  maxArrayLength: null,
  maxStringLength: null,
};

const programOf = ([, file = 'node']: string[]) => relative(process.cwd(), file);

/** The test or program that is running. */
export const running = { source: programOf(process.argv) };

const directory = process.env[DIRECTORY_VARIABLE];
const noteSecrets = directory === undefined ? () => {} : collect(directory);

/** Records the secrets of a body that no server receives or sends, because a test passes it to a handler. */
export const noteSecretsOf = (body: string) => noteSecrets(secretsOfBody(body));

/** The same of `Cookie` and `Set-Cookie` headers. */
export const noteCookies = (headers: readonly string[]) => noteSecrets(headers.flatMap(secretsOfCookies));

/**
 * Records every line that this process logs or prints, and every secret that its servers receive or send. These
 * servers take the place of everything the product gets secrets from. Returns a function that records other secrets.
 */
function collect(directory: string): (secrets: Secret[]) => void {
  const { noteLine, noteSecret } = openEvidence(directory);
  const note = (...printed: unknown[]) =>
    noteLine({ text: formatWithOptions(UNABRIDGED, ...printed), source: running.source });
  const noteAll = (secrets: Secret[]) => secrets.forEach(noteSecret);

  for (const level of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
    const print = console[level];
    console[level] = (...printed: unknown[]) => {
      note(...printed);
      print(...printed);
    };
  }
  for (const stream of [process.stdout, process.stderr]) watch(stream, 'write', note);
  // Not by subscribing: with a subscriber, log lines are no longer printed.
  watch(logChannel, 'publish', note);

  subscribe('http.server.request.start', (started) => {
    const { request, response } = started as { request: IncomingMessage; response: ServerResponse };
    noteAll(secretsOfHead(request.url ?? '', request.headers));
    noteSecret({ kind: 'secret access key', value: process.env.AWS_SECRET_ACCESS_KEY ?? '' });
    watch(
      request,
      'push',
      collectBody((body) => noteAll(secretsOfBody(body))),
    );
    const sent = collectBody((body) => noteAll(secretsOfBody(body)));
    watch(response, 'write', sent);
    watch(response, 'end', (chunk) => {
      sent(chunk);
      sent(null);
    });
  });
  return noteAll;
}

/** Passes the first argument of each call of an inherited method to `look`, then calls the method. */
function watch<Name extends string>(
  object: { [name in Name]: (...args: never[]) => unknown },
  name: Name,
  look: (argument: unknown) => void,
): void {
  const value = (...args: never[]) => {
    look(args[0]);
    // Looked up each time: a channel changes its class with its first subscriber.
    return Object.getPrototypeOf(object)[name].apply(object, args);
  };
  Object.defineProperty(object, name, { configurable: true, writable: true, value });
}

/** Collects the chunks of a body; `null` ends it. */
function collectBody(look: (body: string) => void): (chunk: unknown) => void {
  let body = '';
  return (chunk) => {
    if (chunk === null) look(body);
    else if (body.length < MAX_BODY_CHARACTERS && (typeof chunk === 'string' || Buffer.isBuffer(chunk))) {
      body += chunk.toString();
    }
  };
}
