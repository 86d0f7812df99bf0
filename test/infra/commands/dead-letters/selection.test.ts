import { expect, test } from 'vitest';
import { selectDeadLetters } from '../../../../infra/commands/dead-letters/selection.ts';
import { UsageError } from '../../../../infra/shared/command-line.ts';
import { makeDeadLetter } from './example-dead-letter.ts';

const deadLetters = [
  { ...makeDeadLetter(), id: 'aa11', code: 'pbx-20014', pbx: 'head-office' },
  { ...makeDeadLetter(), id: 'aa22', code: 'pbx-20014', pbx: 'branch' },
  { ...makeDeadLetter(), id: 'bb33', code: 'no-reason', pbx: undefined },
];
const idsOf = (selection: Parameters<typeof selectDeadLetters>[1]) =>
  selectDeadLetters(deadLetters, selection).map(({ id }) => id);

test('without a selection, all dead letters are selected', () => {
  expect(idsOf({})).toEqual(['aa11', 'aa22', 'bb33']);
});

test('selected are the dead letters that match code, PBX and the beginning of the id', () => {
  expect(idsOf({ code: 'pbx-20014' })).toEqual(['aa11', 'aa22']);
  expect(idsOf({ pbx: 'branch' })).toEqual(['aa22']);
  expect(idsOf({ code: 'no-reason', pbx: 'branch' })).toEqual([]);
  expect(idsOf({ id: 'b' })).toEqual(['bb33']);
  expect(idsOf({ id: 'aa', pbx: 'branch' })).toEqual(['aa22']);
});

test('an id that matches no dead letter, or several, is an error', () => {
  expect(() => idsOf({ id: 'cc' })).toThrow(new UsageError('No dead letter has an id that begins with cc.'));
  expect(() => idsOf({ id: 'a' })).toThrow(new UsageError('2 dead letters have an id that begins with a.'));
});
