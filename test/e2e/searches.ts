import assert from 'node:assert/strict';
import { createApi } from './api.ts';
import type { Recording } from './calls.ts';
import { deleteRows } from './index-rows.ts';
import { type Authorization, tokenOf } from './links.ts';
import type { DeployedStack } from './stack.ts';
import { waitUntil } from './wait-until.ts';

interface Found {
  recordings: { pbx: string; recording: string; from?: string; state: string; bytes?: number }[];
  cursor?: string;
}

/** Before the date in the name of any recording. */
const from = '2026-01-01';

const DAY_MS = 24 * 3_600_000;

/** Waits until the index has all these recordings: the bucket's events come by EventBridge and SQS. */
export async function findAll(stack: DeployedStack, recordings: Recording[]): Promise<void> {
  const api = createApi(stack, await tokenOf(stack));
  const missing = new Map(recordings.map((each) => [each.recording, each]));
  await waitUntil(
    async () => {
      // In pages, of which the second shows that a cursor works.
      let cursor: string | undefined;
      do {
        const page = await api.get<Found>('recordings', { from, limit: '10', ...(cursor && { cursor }) });
        for (const { pbx, recording, state, bytes } of page.recordings) {
          const expected = missing.get(recording);
          if (expected === undefined) continue;
          assert.deepEqual(
            { pbx, state, bytes },
            { pbx: expected.pbx, state: 'archived', bytes: expected.bytes.length },
          );
          missing.delete(recording);
        }
        ({ cursor } = page);
      } while (cursor !== undefined);
      return missing.size === 0;
    },
    'the index does not have all recordings',
    stack,
  );
}

/** Finds the only call with a number by the number and by its id, and fetches it by the link of the API. */
export async function findCall(stack: DeployedStack, call: Recording, number: string): Promise<void> {
  await findAll(stack, [call]);
  const api = createApi(stack, await tokenOf(stack));
  for (const query of [{ number }, { callId: call.callId, pbx: call.pbx }]) {
    const { recordings } = await api.get<Found>('recordings', query);
    assert.deepEqual(
      recordings.map(({ recording, from: caller }) => [recording, caller]),
      [[call.recording, number]],
    );
  }
  const path = `recordings/${call.pbx}/${encodeURIComponent(call.recording)}`;
  const { link } = await api.get<{ link: { url: string } }>(path);
  const { body } = await stack.curl([link.url]);
  assert(body.equals(call.bytes), 'The link of the search API leads to other bytes.');
}

/** Somebody whose role is limited to this call's extension finds this call, and no other. */
export async function expectOnly(
  stack: DeployedStack,
  { pbx, recording }: Recording,
  authorization: Authorization,
): Promise<void> {
  const api = createApi(stack, authorization);
  const { recordings } = await api.get<Found>('recordings', { from });
  assert.deepEqual(
    recordings.map((found) => found.recording),
    [recording],
  );
  const { pbxs, rights } = await api.get<{ pbxs: { id: string }[]; rights: string[] }>('me');
  assert.deepEqual([pbxs.map(({ id }) => id), rights], [[pbx], ['listen']]);
  const { status } = await api.ask(`recordings/${pbx}/${encodeURIComponent(recording)}`, { download: '1' });
  assert.equal(status, 403);
  // Nobody can sign in without this, and recipients of a share have no account.
  const everybody = createApi(stack, []);
  const { authorization: type } = await everybody.get<{ authorization: string }>('config');
  assert.equal(type, 'jwt');
  assert.equal((await everybody.send('POST', 'shares/open', { token: 'unknown' })).status, 404);
}

/** The index lacks a recording. Afterwards it has all of them. */
export async function reindex(stack: DeployedStack, lost: Recording, others: Recording[]): Promise<void> {
  assert.notEqual(await deleteRows(stack, lost.recording), 0);
  const api = createApi(stack, await tokenOf(stack));
  const { recordings } = await api.get<Found>('recordings', { callId: lost.callId, pbx: lost.pbx });
  assert.deepEqual(recordings, []);
  const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
  await stack.project.npmRun('reindex', '--pbx', 'all', '--from', yesterday);
  await findAll(stack, [lost, ...others]);
}
