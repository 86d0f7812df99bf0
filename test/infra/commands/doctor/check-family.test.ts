import { expect, test } from 'vitest';
import { checkFamily } from '../../../../infra/commands/doctor/check-family.ts';

test('a family that is not verified on a device is not checked by what responds', () => {
  expect(checkFamily({ family: 'openvox' })).toEqual({
    status: 'not-checked',
    text: 'openvox is not verified on a device: compare the first recordings with those on the PBX',
  });
});

test('of the other families, nothing is said', () => {
  for (const family of ['s-series', 'cloud-pbx', 'p-series'] as const)
    expect(checkFamily({ family })).toBeUndefined();
});
