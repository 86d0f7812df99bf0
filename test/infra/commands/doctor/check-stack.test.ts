import { expect, test } from 'vitest';
import { checkStack, EXPECTED_OUTPUTS } from '../../../../infra/commands/doctor/check-stack.ts';
import { synthArchive } from '../../stack/synth-archive.ts';

const outputs = Object.fromEntries(EXPECTED_OUTPUTS.map((name) => [name, 'value']));
const check = (status: string, present: Record<string, string> = outputs) =>
  checkStack({ name: 'Archive', status, outputs: present });

test('the outputs that are expected are those of every stack', () => {
  const { LinkTokenSecret, PageUrl, ArchivePageLogs, ...common } = synthArchive().outputs;
  expect([LinkTokenSecret, PageUrl, ArchivePageLogs]).not.toContain(undefined);
  expect(Object.keys(common).sort()).toEqual(EXPECTED_OUTPUTS.toSorted());
});

test.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'IMPORT_COMPLETE'])(
  '%s with all outputs is ok',
  (status) => {
    expect(check(status)).toEqual({ status: 'ok', text: `${status}, all outputs are there` });
  },
);

test.each([
  ['UPDATE_IN_PROGRESS', 'Run this command again'],
  ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'Run this command again'],
  ['UPDATE_ROLLBACK_COMPLETE', 'The last deployment failed (UPDATE_ROLLBACK_COMPLETE). Run npm run deploy'],
  ['UPDATE_ROLLBACK_FAILED', 'The last deployment failed'],
  ['ROLLBACK_COMPLETE', 'The last deployment failed'],
  ['DELETE_FAILED', 'The last deployment failed'],
])('%s is to be dealt with', (status, text) => {
  expect(check(status)).toEqual({ status: 'to-do', text: expect.stringContaining(text) });
});

test('an output that another version does not have is named', () => {
  const { LinkApiUrl, ...others } = outputs;
  expect(check('CREATE_COMPLETE', others)).toEqual({
    status: 'to-do',
    text: 'Another version was deployed: it has no output LinkApiUrl. Run npm run deploy.',
  });
});
