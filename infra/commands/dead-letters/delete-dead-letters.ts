import confirm from '@inquirer/confirm';
import { plural } from '../../shared/text.ts';
import type { Letter } from './dead-letter.ts';
import type { TakenLetters } from './dead-letter-queue.ts';
import { describeLetter } from './show-dead-letters.ts';

/** Deletes letters for good, once a person has seen them and said yes. Returns whether they are gone. */
export async function deleteLetters(
  letters: readonly Letter[],
  { remove }: Pick<TakenLetters, 'remove'>,
  ask: (question: string) => Promise<boolean> = askOnTerminal,
): Promise<boolean> {
  for (const letter of letters) console.log(`${describeLetter(letter, process.stdout.columns)}\n`);
  const all = plural(letters.length, 'dead letter');
  if (!(await ask(`Delete ${all} for good?`))) {
    console.log('Nothing is deleted.');
    return false;
  }
  for (const letter of letters) await remove(letter);
  console.log(`${all} deleted.`);
  return true;
}

/** Ctrl-C is a no. */
const askOnTerminal = (message: string) => confirm({ message, default: false }).catch(() => false);
