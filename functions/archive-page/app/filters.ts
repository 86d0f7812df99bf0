import { isFoundAsWhole } from '../../shared/recording-index/phone-number.ts';

/** The search criteria. Each is a parameter of the address, so that a search can be bookmarked and passed on. */
export interface Filters {
  /** Numbers separated by commas, or one call id. */
  number: string;
  from: string;
  to: string;
  pbx: string;
  direction: string;
  minSeconds: string;
}

export const NO_FILTERS: Filters = { number: '', from: '', to: '', pbx: '', direction: '', minSeconds: '' };

const NAMES = Object.keys(NO_FILTERS) as (keyof Filters)[];

export function readFilters(search: string): Filters {
  const query = new URLSearchParams(search);
  const filters = { ...NO_FILTERS };
  for (const name of NAMES) filters[name] = query.get(name)?.trim() ?? '';
  return filters;
}

/** The recording that an address opens, as `PBX/NAME`. A name may contain slashes itself. */
export function readOpen(search: string): { pbx: string; recording: string } | undefined {
  const [, pbx, recording] = /^([^/]+)\/(.+)$/s.exec(new URLSearchParams(search).get('open') ?? '') ?? [];
  return pbx === undefined || recording === undefined ? undefined : { pbx, recording };
}

export function addressOf(filters: Filters, open?: { pbx: string; recording: string }): string {
  const query = new URLSearchParams();
  for (const name of NAMES) if (filters[name] !== '') query.set(name, filters[name]);
  if (open) query.set('open', `${open.pbx}/${open.recording}`);
  return query.size === 0 ? '/' : `/?${query}`;
}

/** An epoch second, and a counter: what the PBXs call a call id. */
const CALL_ID = /^\d{9,11}\.\d+$/;

/** Without the blanks and invisible characters that are copied with a number from elsewhere. */
const numbersOf = ({ number }: Filters): string[] =>
  number
    .replaceAll(/\p{Cf}/gu, '')
    .split(/[,;]/)
    .map((part) => part.trim())
    .filter(Boolean);

/** What a person can do about a search that has found nothing. */
export function adviceOf(filters: Filters): 'noneCallId' | 'noneShort' | 'noneHint' | 'noneWithoutNumber' {
  const numbers = numbersOf(filters);
  if (CALL_ID.test(numbers.join())) return 'noneCallId';
  if (numbers.length === 0) return 'noneWithoutNumber';
  return numbers.some(isFoundAsWhole) ? 'noneShort' : 'noneHint';
}

/** The query of the search API. */
export function queryOf(filters: Filters, cursor?: string): string {
  const { number: _, ...rest } = filters;
  const numbers = numbersOf(filters).join();
  const query = new URLSearchParams();
  if (numbers !== '') query.set(CALL_ID.test(numbers) ? 'callId' : 'number', numbers);
  for (const [name, value] of Object.entries(rest)) if (value !== '') query.set(name, value);
  if (cursor !== undefined) query.set('cursor', cursor);
  return query.toString();
}
