import assert from 'node:assert/strict';
import { createApi } from './api.ts';
import type { Recording } from './calls.ts';
import { createLinks, tokenOf } from './links.ts';
import type { DeployedStack } from './stack.ts';

/** Shares a recording with somebody, revokes it, and finds all of it in the access log. */
export async function shareAndAudit(stack: DeployedStack, shared: Recording): Promise<void> {
  const { pbx, recording, bytes } = shared;
  const token = await tokenOf(stack);
  const api = createApi(stack, token);
  const everybody = createApi(stack, []);
  await createLinks(stack).expectRedirect(shared, token);

  const created = await api.send('POST', 'shares', { pbx, recording, maxPlays: 2, passcode: '4711' });
  assert.equal(created.status, 201, created.body.toString());
  const { share, url } = JSON.parse(created.body.toString());
  assert.equal(new URL(url).host, new URL(stack.outputs.PageUrl).host);
  const open = (passcode: string) =>
    everybody.send('POST', 'shares/open', { token: new URL(url).hash.slice(1), passcode });

  assert.equal((await open('0815')).status, 404);
  const opened = await open('4711');
  assert.equal(opened.status, 200, opened.body.toString());
  const download = await stack.curl([JSON.parse(opened.body.toString()).url]);
  assert(download.body.equals(bytes), 'The share leads to other bytes.');

  const { shares } = await api.get<{ shares: { id: string; plays: number }[] }>('shares', { pbx, recording });
  assert.deepEqual(
    shares.map(({ id, plays }) => [id, plays]),
    [[share.id, 1]],
  );
  assert.equal((await everybody.send('DELETE', `shares/${share.id}`)).status, 401);
  assert.equal((await api.send('DELETE', `shares/${share.id}`)).status, 200);
  assert.equal((await open('4711')).status, 404);

  const { accesses } = await api.get<{ accesses: { kind: string; by: string; reason?: string }[] }>(
    'access',
    {
      pbx,
      recording,
    },
  );
  assert.deepEqual(
    accesses.map(({ kind, by, reason }) => [kind, by, reason]),
    [
      ['share-refused', 'share', 'revoked'],
      ['share-revoked', 'token', undefined],
      ['share-opened', 'share', undefined],
      ['share-refused', 'share', 'wrong-passcode'],
      ['share-created', 'token', undefined],
      // The link API's, and before it the search API's.
      ['link-created', 'token', undefined],
      ['link-created', 'token', undefined],
    ],
  );
}
