import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createApi } from './api.ts';
import { runDirectory } from './settings.ts';
import { type DeployedStack, readSecret } from './stack.ts';

/** Everybody gets the page, its files and its Content-Security-Policy. `tokenSource`: where it gets tokens from. */
export async function expectPage({ curl, outputs }: DeployedStack, tokenSource: string): Promise<void> {
  const page = await curl([outputs.PageUrl]);
  assert.equal(page.status, 200, page.body.toString());
  const policy = page.headers['content-security-policy']?.join() ?? '';
  assert.match(policy, /default-src 'none'; script-src 'self';/);
  assert.match(policy, new RegExp(`connect-src [^;]*//${outputs.RecordingsBucket}\\.[^;]*${tokenSource}`));
  const [, script = ''] = /src="\/?(assets\/[^"]+\.js)"/.exec(page.body.toString()) ?? [];
  const asset = await curl([`${outputs.PageUrl}${script}`]);
  assert.deepEqual([asset.status, asset.headers['content-type']], [200, ['text/javascript; charset=utf-8']]);
  // The page of shares.
  const { status, body } = await curl([`${outputs.PageUrl}s`]);
  assert(status === 200 && body.equals(page.body), `The page of shares: ${status}`);
}

/** The cookie is curl's business, as it is a browser's: curl sends it only if its prefix and its attributes fit. */
export async function signIn(stack: DeployedStack): Promise<void> {
  const jar = join(runDirectory, 'cookies.txt');
  const api = createApi(stack, ['--cookie', jar, '--cookie-jar', jar]);
  assert.equal((await api.ask('me')).status, 401);
  assert.equal((await api.send('POST', 'session', { token: 'not-the-token-at-all' })).status, 401);
  const token = await readSecret(stack, stack.outputs.LinkTokenSecret);
  assert.equal((await api.send('POST', 'session', { token, name: 'Ada' })).status, 204);
  const { person } = await api.get<{ person: string }>('me');
  assert.equal(person, 'Ada');
  assert.equal((await api.send('DELETE', 'session')).status, 204);
  assert.equal((await api.ask('me')).status, 401);
}
