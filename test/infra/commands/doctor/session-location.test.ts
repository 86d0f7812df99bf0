import { expect, test } from 'vitest';
import { sessionLocationOf } from '../../../../infra/commands/doctor/session-location.ts';

const stack = { name: 'Archive', status: 'CREATE_COMPLETE', outputs: {} };

test.each([
  ['a local host: that of the machine', {}, 'this machine', /this machine, as the PBX sees it\.$/],
  [
    'functions in a VPC: that of its NAT gateway',
    { stack: { ...stack, vpcId: 'vpc-0123456789abcdef0' } },
    'Lambda',
    /NAT gateway.*aws ec2 describe-nat-gateways --filter Name=vpc-id,Values=vpc-0123456789abcdef0 /,
  ],
  [
    'functions without a VPC: none that stays',
    { stack },
    'Lambda',
    /changing addresses.*docs\/configuration\.md#network\.$/,
  ],
])('the address that a PBX sees of %s', (_, deployment, name, address) => {
  expect(sessionLocationOf(deployment)).toMatchObject({ name, address: expect.stringMatching(address) });
});
