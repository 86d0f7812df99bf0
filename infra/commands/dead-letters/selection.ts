import { UsageError, value } from '../../shared/command-line.ts';
import { shellQuote } from '../../shared/text.ts';
import type { DeadLetter } from './dead-letter.ts';

/** Options that select dead letters. */
export const selectionOptions = { id: value, code: value, pbx: value };

export const SELECTION_HELP = `  --id ID              the one whose id begins with ID
  --code CODE          those with this code
  --pbx ID             those of this PBX`;

export interface Selection {
  id?: string | undefined;
  code?: string | undefined;
  pbx?: string | undefined;
}

/** The options of `npm run redrive` that make the same selection. */
export function describeSelection({ id, code, pbx }: Selection): string {
  const given = Object.entries({ id, code, pbx }).filter(([, wanted]) => wanted !== undefined);
  return given.length === 0
    ? '--all'
    : given.map(([name, wanted]) => `--${name} ${shellQuote(`${wanted}`)}`).join(' ');
}

/** Returns the dead letters that match all criteria. Throws unless an id matches exactly one. */
export function selectDeadLetters(
  deadLetters: readonly DeadLetter[],
  { id, code, pbx }: Selection,
): DeadLetter[] {
  const matches = deadLetters.filter(
    (deadLetter) =>
      (id === undefined || deadLetter.id.startsWith(id)) &&
      (code === undefined || deadLetter.code === code) &&
      (pbx === undefined || deadLetter.pbx === pbx),
  );
  if (id !== undefined && matches.length !== 1) {
    const count = matches.length === 0 ? 'No dead letter has' : `${matches.length} dead letters have`;
    throw new UsageError(`${count} an id that begins with ${id}.`);
  }
  return matches;
}
