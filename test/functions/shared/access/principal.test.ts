import { expect, test } from 'vitest';
import { may } from '../../../../functions/shared/access/principal.ts';

const support = {
  grants: [{ rights: ['listen' as const], pbxs: ['office'], extensions: ['1001', '200100'] }],
};

test.each([
  [{ from: '1001', to: '030 901820' }, true],
  [{ from: '030 901820', to: '200100' }, true],
  [{ from: '1002', to: '1003' }, false],
  // A search for 200100 finds these as well.
  [{ from: '+49 30 200100', to: '1002' }, false],
  [{ from: '1002', to: '0200100' }, false],
  [{}, false],
])('extensions are those of the call exactly: %j', (numbers, isAllowed) => {
  expect(may(support, 'listen', { pbx: 'office', ...numbers })).toBe(isAllowed);
});
