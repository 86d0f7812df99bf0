import { expect, test } from 'vitest';
import { comparePermissions, type Permission } from './permission.ts';

const get = (resource: string): Permission => ({ action: 's3:GetObject', resource });
const put = (resource: string): Permission => ({ action: 's3:PutObject', resource });
const lost = 'bucket/reconciliation/lost/*';
const queued = 'bucket/reconciliation/queued/*';
const recordings = 'bucket/recordings/*';

test.each<[string, Permission[], Permission[]]>([
  ['exactly what is needed', [get(lost), put(recordings)], [put(recordings), get(lost), get(lost)]],
  ['a folder, all of whose kinds are needed', [get('bucket/reconciliation/*')], [get(lost), get(queued)]],
])('a role may allow %s', (_, granted, needed) => {
  expect(comparePermissions(granted, needed)).toEqual({ missing: [], superfluous: [] });
});

test.each<[string, Permission[], Permission[], Permission[]]>([
  ['no such action', [put(lost)], [put(lost), get(lost)], [get(lost)]],
  ['the action on another folder', [get(lost)], [get(lost), get(queued)], [get(queued)]],
  ['the action on another resource', [get('bucket')], [get('bucket'), get(lost)], [get(lost)]],
  ['nothing', [], [get(lost)], [get(lost)]],
])('a permission is missing where a role allows %s', (_, granted, needed, missing) => {
  expect(comparePermissions(granted, needed)).toEqual({ missing, superfluous: [] });
});

test.each<[string, Permission, Permission[]]>([
  ['nothing needs', get(lost), []],
  ['is needed for one of its folders only', get('bucket/reconciliation/*'), [get(lost)]],
  ['covers the whole bucket', get('bucket/*'), [get(lost), get(recordings)]],
  ['covers everything', get('*'), [get(lost), get(recordings)]],
])('a permission is superfluous that %s', (_, grant, needed) => {
  expect(comparePermissions([grant], needed)).toEqual({ missing: [], superfluous: [grant] });
});
