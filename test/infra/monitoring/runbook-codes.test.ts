import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { toArchiveError } from '../../../functions/shared/errors.ts';
import { errnoError, parseResponse } from '../../../functions/shared/pbx/s-series/errors.ts';
import { root, sourceOf, withDependencies } from '../../imports.ts';

const architecture = sourceOf('docs/architecture.md');
const runbook = sourceOf('docs/runbook.md');

/** The codes of the errors that a source file creates, and of the reports that it calls unreadable. */
const createdIn = (file: string) =>
  Array.from(
    sourceOf(file).matchAll(
      /\b(?:new (?:ArchiveError|Unverified|StrayQuote)|super|unreadable)\(\s*'([a-z-]+)'/g,
    ),
    ([, code = '']) => code,
  );

/** The codes in the tables of all families. */
const codesOfFamilies = globSync('functions/shared/pbx/*/errors.ts', { cwd: root }).flatMap((file) =>
  Array.from(
    sourceOf(file).matchAll(/^ {4}'(-?\d+)': /gm),
    ([, number = '']) => `pbx-${number.replace('-', 'minus-')}`,
  ),
);

/** The numbers that the program knows, and what becomes of any other and of none. */
const errnoCodes = [
  ...codesOfFamilies,
  errnoError('29999').code,
  errnoError('<html>').code,
  codeOf(() => parseResponse('{"status":"Failed"}')),
];

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return toArchiveError(error).code;
  }
  throw new Error('nothing was thrown');
}

/** The codes that a function can report. */
function codesOf(feature: string): string[] {
  const own = [...withDependencies(`functions/${feature}/handler.ts`)].flatMap(createdIn);
  return [...new Set([...own, ...errnoCodes])].sort();
}

/** The codes in the first column of all tables of a text. An ellipsis stands for a number, or for words in capitals. */
function rowsOf(text: string): RegExp[] {
  const cells = Array.from(text.matchAll(/^\| ([^|]*`[^|]*) \|/gm), ([, cell = '']) => cell);
  return cells
    .flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, code = '']) => code))
    .map((code) => new RegExp(`^${code.replace('…', '[A-Z\\d].*')}$`));
}

/** The codes that no row of these sections is for. */
function missingIn(headings: string[], codes: string[]): string[] {
  const rows = headings.flatMap((heading) => {
    const [, section] = runbook.split(`\n## ${heading}\n`);
    if (section === undefined) throw new Error(`there is no section ${heading}`);
    return rowsOf(section.split('\n## ')[0] ?? '');
  });
  return codes.filter((code) => !rows.some((row) => row.test(code)));
}

/** About a list of recordings, which every client can read and reconciliation alone does. */
const isAboutList = (code: string) => code === 'cdr-malformed';

/** About the index, for which reconciliation does not fail. */
const isAboutIndex = (code: string) => /^(?:event|index)-/.test(code);

/** About a job or its recording, so neither a session nor a call log nor a link fails with it. */
const isAboutJob = (code: string) =>
  /^(?:job|recording|upload)-|^(?:not-a-recording|pbx-bad-range|unknown-pbx)$/.test(code);

test('every code in the sources is in the tables of docs/architecture.md, and the other way round', () => {
  const sources = [
    'archive-recording',
    'cdr-webhook',
    'index-recording',
    'pbx-session',
    'reconcile',
    'recording-link',
    'archive-api',
  ];
  const found = new Set(
    sources.flatMap((feature) => [...withDependencies(`functions/${feature}/handler.ts`)]).flatMap(createdIn),
  );
  const [, section = ''] = architecture.split('### Codes of our own');
  const rows = section.split('\n### ')[0]?.matchAll(/^\| (`[^|]+) \| `/gm) ?? [];
  const documented = Array.from(rows, ([, cell = '']) => cell.replaceAll('`', '').split(', ')).flat();
  expect([...found].sort()).toEqual([...new Set(documented)].sort());
});

describe('the runbook has a row for every code that ends', () => {
  test('a session, under Session down', () => {
    const codes = codesOf('pbx-session').filter((code) => !isAboutJob(code) && !isAboutList(code));
    expect(codes).toEqual(
      expect.arrayContaining(['certificate-mismatch', 'credentials-malformed', 'pbx-20003']),
    );
    expect(missingIn(['Session down'], [...codes, 'AccessDeniedException'])).toEqual([]);
  });

  test('an attempt at a job, under Jobs waiting or, if it is permanent, under Dead letters', () => {
    const codes = [...codesOf('archive-recording').filter((code) => !isAboutList(code)), 'AccessDenied'];
    expect(codes).toEqual(
      expect.arrayContaining(['recording-inconsistent', 'not-a-recording', 'upload-refused']),
    );
    expect(missingIn(['Jobs waiting', 'Dead letters'], codes)).toEqual([]);
  });

  test('a job or a report for good, after ten days at the latest, under Dead letters', () => {
    const found = codesOf('archive-recording').filter((code) => !isAboutList(code));
    const reports = ['functions/shared/pbx/s-series/report.ts', 'functions/shared/pbx/report-dialect.ts'];
    const codes = [...found, ...reports.flatMap(createdIn)];
    expect(codes).toEqual(expect.arrayContaining(['report-foreign', 'too-slow', 'pbx-20015']));
    expect(missingIn(['Dead letters'], [...codes, 'AccessDenied', 'no-reason'])).toEqual([]);
  });

  test('a reconciliation, under Not reconciled', () => {
    const codes = codesOf('reconcile').filter((code) => !isAboutJob(code) && !isAboutIndex(code));
    expect(codes).toEqual(expect.arrayContaining(['cdr-malformed', 'deadline', 'login-in-progress']));
    expect(missingIn(['Not reconciled'], [...codes, 'AccessDenied'])).toEqual([]);
  });

  test('an update of the index, under Not indexed', () => {
    const codes = codesOf('index-recording').filter(isAboutIndex);
    expect(codes).toHaveLength(4);
    expect(missingIn(['Not indexed'], [...codes, 'AccessDeniedException'])).toEqual([]);
  });

  test('a request for a link, under Links fail', () => {
    // The function reads secrets only, and no link fails with an event.
    const isElsewhere = (code: string) => isAboutJob(code) || /^pbx-|^event-|^secret-versions-/.test(code);
    const codes = codesOf('recording-link').filter((code) => !isElsewhere(code));
    expect(codes).toContain('link-token-missing');
    expect(missingIn(['Links fail'], [...codes, 'AccessDenied'])).toEqual([]);
  });

  test('a loss, under Recording lost', () => {
    const [, section = ''] = runbook.split('\n## Recording lost\n');
    for (const code of ['pbx-20014', 'pbx-20012'])
      expect(section.split('\n## ')[0]).toContain(`--code ${code}`);
  });
});

describe('the runbook has a row for every word that follows pbx-connection', () => {
  test('of undici, and one of its own for those that come from real connections', () => {
    const source = sourceOf('node_modules/undici/lib/core/errors.js');
    const words = Array.from(source.matchAll(/this\.code = '(UND_ERR_\w+)'/g), ([, word = '']) => word);
    expect(words).toContain('UND_ERR_SOCKET');
    expect(missingIn(['Session down'], words)).toEqual([]);
    const common = ['CONNECT_TIMEOUT', 'HEADERS_TIMEOUT', 'BODY_TIMEOUT', 'SOCKET', 'HEADERS_OVERFLOW'];
    for (const word of [...common, 'RES_CONTENT_LENGTH_MISMATCH']) {
      expect(runbook).toContain(`\`UND_ERR_${word}\``);
    }
    expect(missingIn(['Session down'], ['HTTPParserError', 'HPE_INVALID_CONSTANT'])).toEqual([]);
  });

  test('of a certificate', () => {
    // https://nodejs.org/api/tls.html#x509-certificate-error-codes
    const words =
      'UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_CRL UNABLE_TO_DECRYPT_CERT_SIGNATURE UNABLE_TO_DECRYPT_CRL_SIGNATURE ' +
      'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY CERT_SIGNATURE_FAILURE CRL_SIGNATURE_FAILURE CERT_NOT_YET_VALID ' +
      'CERT_HAS_EXPIRED CRL_NOT_YET_VALID CRL_HAS_EXPIRED ERROR_IN_CERT_NOT_BEFORE_FIELD ' +
      'ERROR_IN_CERT_NOT_AFTER_FIELD ERROR_IN_CRL_LAST_UPDATE_FIELD ERROR_IN_CRL_NEXT_UPDATE_FIELD ' +
      'DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_GET_ISSUER_CERT_LOCALLY ' +
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE CERT_CHAIN_TOO_LONG CERT_REVOKED INVALID_CA PATH_LENGTH_EXCEEDED ' +
      'INVALID_PURPOSE CERT_UNTRUSTED CERT_REJECTED HOSTNAME_MISMATCH';
    expect(missingIn(['Session down'], words.split(' '))).toEqual([]);
  });

  test('of TLS, of a socket and of the name resolution', () => {
    // OpenSSL; connect(2), send(2) and getaddrinfo(3); AbortSignal.timeout. CONNECTION_RESET is our own name for an
    // ECONNRESET within a response.
    const words =
      'ERR_TLS_CERT_ALTNAME_INVALID ERR_SSL_WRONG_VERSION_NUMBER ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION ' +
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE ERR_SSL_PACKET_LENGTH_TOO_LONG EPROTO ECONNREFUSED ECONNRESET ' +
      'CONNECTION_RESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN EADDRNOTAVAIL ' +
      'ENOTFOUND EAI_AGAIN EAI_FAIL TimeoutError';
    expect(missingIn(['Session down'], words.split(' '))).toEqual([]);
  });
});
