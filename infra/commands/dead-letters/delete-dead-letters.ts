import confirm from '@inquirer/confirm';
import { plural } from '../../shared/text.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { TakenDeadLetters } from './dead-letter-queue.ts';
import { describeDeadLetter } from './show-dead-letters.ts';

/** Shows dead letters and deletes them for good if the user confirms. Returns whether they were deleted. */
export async function deleteDeadLetters(
  deadLetters: readonly DeadLetter[],
  { remove }: Pick<TakenDeadLetters, 'remove'>,
  ask: (question: string) => Promise<boolean> = askOnTerminal,
): Promise<boolean> {
  for (const deadLetter of deadLetters)
    console.log(`${describeDeadLetter(deadLetter, process.stdout.columns)}\n`);
  const all = plural(deadLetters.length, 'dead letter');
  if (!(await ask(`Delete ${all} for good?`))) {
    console.log('Nothing was deleted.');
    return false;
  }
  for (const deadLetter of deadLetters) await remove(deadLetter);
  console.log(`${all} deleted.`);
  return true;
}

/** Ctrl-C counts as no. */
const askOnTerminal = (message: string) => confirm({ message, default: false }).catch(() => false);
