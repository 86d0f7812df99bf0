import * as v from 'valibot';
import { trimPadding } from './padding.ts';

/** Depending on the firmware, numbers are strings or numbers, and unknown values are `null`, empty or absent. */
export const plainText = v.optional(
  v.pipe(
    v.nullable(v.union([v.string(), v.number(), v.boolean()])),
    v.transform((value) => (value === null || value === '' ? undefined : String(value))),
  ),
);

/** What firmwares write for a call that was not recorded: blanks, a flag, a number or a word, never a file's name. */
const NOT_RECORDED = /^\s*(?:[-+]?\d+(?:\.\d+)?|-+|true|false|yes|no|none|null|nil|undefined|n\/?a)?\s*$/i;

/** What fills the rest of a field of fixed size. At its start, a blank may belong to the name. */
const PADDING_AT_END = /(?<![\0\t\n\r ])[\0\t\n\r ]+$/;

/** The name of a recording; `undefined` if the call was not recorded. */
export const recordingName = v.pipe(
  plainText,
  v.transform((name) => name?.replace(PADDING_AT_END, '')),
  v.transform((name) => (name !== undefined && NOT_RECORDED.test(name) ? undefined : name)),
);

/** Text that has to be there. Firmware may write a token or a random string of digits as a number. */
export const requiredText = v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.nonEmpty());

/** A number of the PBX's own for an error, as a string or a number, and with zeros or blanks around it. */
export const errorNumber = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform((number) => trimPadding(String(number)).replace(/^0+(?=\d)/, '')),
);

/** A malformed fact must not cost the recording. */
export const fact = v.fallback(plainText, undefined);
