import { UsageError, value } from '../../shared/command-line.ts';
import type { DeadLetter } from './dead-letter.ts';

/** How a command is told which dead letters it is about. */
export const selectionOptions = { id: value, code: value, pbx: value };

export const SELECTION_HELP = `  --id ID              the one whose id begins so
  --code CODE          those with this code
  --pbx ID             those of this PBX`;

export interface Selection {
  id?: string | undefined;
  code?: string | undefined;
  pbx?: string | undefined;
}

/** All that match everything that is selected by. An id has to match one. */
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
