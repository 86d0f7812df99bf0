import { expect, test } from 'vitest';
import { subscriptionOf } from '../../../../functions/shared/session/subscription.ts';

const HOST = 'abc123.execute-api.eu-central-1.amazonaws.com';
const PATH = '/reports/hq/s3cret';

test.each([
  ['https://{host}', 'url', `https://${HOST}${PATH}`, 443],
  ['http://{host}', 'url', `http://${HOST}${PATH}`, 80],
  ['https://hooks.example:8443', 'url', `https://hooks.example:8443${PATH}`, 8443],
  ['https://hooks.example:443', 'url', `https://hooks.example:443${PATH}`, 443],
  ['http://[2001:db8::7]:8260', 'url', `http://[2001:db8::7]:8260${PATH}`, 8260],
  ['{host}', 'bare', `http://${HOST}${PATH}`, 80],
  ['{host}:8260', 'bare', `http://${HOST}:8260${PATH}`, 8260],
  ['192.168.5.20:8260', 'bare', `http://192.168.5.20:8260${PATH}`, 8260],
])('the report URL %s is sent to the PBX as %s', (reportUrl, form, url, port) => {
  expect(subscriptionOf('hq', { reportUrl }, HOST, 's3cret')).toEqual({ form, url, port });
});

test('the URL has only the beginning of a long secret, because some PBXs cut a long URL off', () => {
  const secret = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKl';
  const host = 'abcdefghij.execute-api.eu-central-1.amazonaws.com';
  const { url } = subscriptionOf('head-office', { reportUrl: 'https://{host}' }, host, secret);
  expect(url).toBe(`https://${host}/reports/head-office/AbCdEfGhIjKlMnOpQrStUvWxYz`);
  expect(url.length).toBeLessThan(105);
});

test('the host may have a port of its own', () => {
  const subscription = subscriptionOf('hq', { reportUrl: 'http://{host}' }, '127.0.0.1:8260', 's3cret');
  expect(subscription).toEqual({ form: 'url', url: `http://127.0.0.1:8260${PATH}`, port: 8260 });
});
