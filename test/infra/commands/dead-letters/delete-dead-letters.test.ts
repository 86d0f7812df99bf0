import { expect, test, vi } from 'vitest';
import type { DeadLetter } from '../../../../infra/commands/dead-letters/dead-letter.ts';
import { deleteDeadLetters } from '../../../../infra/commands/dead-letters/delete-dead-letters.ts';
import { exampleJob, makeDeadLetter } from './example-dead-letter.ts';

const deadLetters = [makeDeadLetter(), { ...makeDeadLetter(), id: 'another' }];

/** Answers the confirmation; returns the question, what was shown before it, and what was deleted. */
async function deleteWith(answer: boolean) {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const shown = () => print.mock.calls.flat().join('\n');
  const removed: string[] = [];
  let asked: { question: string; shown: string; removed: string[] } | undefined;
  const ask = async (question: string) => {
    asked = { question, shown: shown(), removed: [...removed] };
    return answer;
  };
  const remove = async ({ id }: DeadLetter) => void removed.push(id);
  try {
    return { isGone: await deleteDeadLetters(deadLetters, { remove }, ask), asked, removed, shown: shown() };
  } finally {
    print.mockRestore();
  }
}

test('dead letters are shown, and deleted only after a confirmation', async () => {
  const { asked, removed, isGone, shown } = await deleteWith(true);
  expect(asked).toMatchObject({ question: 'Delete 2 dead letters for good?', removed: [] });
  expect(asked?.shown.split(exampleJob.recording)).toHaveLength(3);
  expect(removed).toEqual(deadLetters.map(({ id }) => id));
  expect(isGone).toBe(true);
  expect(shown).toContain('2 dead letters deleted.');
});

test('nothing is deleted when the answer is no', async () => {
  const { removed, isGone, shown } = await deleteWith(false);
  expect(removed).toEqual([]);
  expect(isGone).toBe(false);
  expect(shown).toContain('Nothing was deleted.');
});
