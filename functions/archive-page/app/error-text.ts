import { MAX_NUMBERS } from '../../shared/api/input-limits.ts';
import { ApiError } from './api.ts';
import type { Messages } from './messages/en.ts';

/** What went wrong, for a person. `invalid`: sentences about the parameters that the API may refuse. */
export function errorText(
  error: unknown,
  m: Messages,
  invalid: Readonly<Record<string, string>> = { ...m.invalid, number: m.invalid.number(MAX_NUMBERS) },
): string {
  if (!(error instanceof ApiError)) return m.error.unavailable;
  switch (error.kind) {
    case 'invalid':
      return invalid[error.parameter ?? ''] ?? m.error.invalid;
    case 'forbidden':
      return m.error.forbidden;
    case 'not-found':
      return m.error.notFound;
    case 'too-many':
      return m.error.tooMany;
    case 'network':
      return m.error.network;
    case 'signed-out':
      return m.signIn.ended;
    case 'unavailable':
      return m.error.unavailable;
  }
}
