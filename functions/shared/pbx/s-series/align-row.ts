type Forms = Readonly<Record<string, RegExp>>;

/** Forms of the columns that hold no free text. They tell which cells of a row belong to which column. */
const FORMS: Forms = {
  callid: /^[\w.:-]*$/,
  timestart: /^\d+[-/.]\d+[-/.]\d+[ T]\d[\d:. APM]*$/i,
  callduration: /^\d*$/,
  callduraction: /^\d*$/,
  talkduration: /^\d*$/,
  talkduraction: /^\d*$/,
  status: /^[a-z][a-z _-]*$/i,
  type: /^[a-z _-]*$/i,
  pincode: /^[\d*#]*$/,
  didnumber: /^[\d+*# ()-]*$/,
  sn: /^[\w-]*$/,
};

/** Where its column is a guess, a recording has to look like one. A call id ends in digits, a file name in letters. */
const RECORDING = /^$|[^.]\.[a-z]\w{1,5}$/i;

/** In all samples seen, a call id starts with ten digits. A row that is cut off may have only the first of them. */
const CALL_ID = /^\s*(?:\d|$)|\d{5}/;

/** The form of most recordings' names. No caller's name looks like it. */
const DATED_RECORDING = /^\d{14}-/;

const NUMBER = /^[\d+*# ()-]+$/;

/** Several cells, one of which is a number. They are more likely cells of their own than a name with commas. */
const HAS_NUMBER_CELL = /(?:^|,)[+*# ()-]*\d[\d+*# ()-]*(?:,|$)/;

/** Where unquoted commas are looked for, in this order: in the name of one party, of both, in any text. */
const LAYOUTS: readonly { forms: Forms; texts: readonly string[] | 'any' }[] = [
  { forms: { ...FORMS, callto: NUMBER }, texts: ['callfrom', 'recording'] },
  { forms: { ...FORMS, callfrom: NUMBER }, texts: ['callto', 'recording'] },
  { forms: FORMS, texts: ['callfrom', 'callto', 'recording'] },
  { forms: FORMS, texts: 'any' },
];

/** A row with more surplus cells has another problem than commas in names. */
const MAX_SURPLUS = 16;

/** The values of a row by column. A value that may belong to several columns is left out. */
export type RowValues = Record<string, string | undefined>;

/**
 * Assigns a row's cells to the columns, of which one is `recording`. `undefined` if it is not certain which cell is the
 * recording. Blank cells at the end may be surplus or missing. With other surplus cells, a text contains commas that the
 * PBX has not quoted: the cells are then aligned by their forms, from both ends.
 *
 * @param isGuess the cells are not a row of the file, so that even the right number of them must have the right forms
 */
export function assignColumns(
  columns: readonly string[],
  cells: readonly string[],
  isGuess = false,
): RowValues | undefined {
  const surplus = cells.length - columns.length;
  if (surplus === 0 && !isGuess) return inOrder(columns, cells);
  if (surplus < 0) return hasForms(columns, cells, true) ? inOrder(columns, cells) : undefined;
  if (surplus > MAX_SURPLUS) return undefined;

  const texts = cells.findLastIndex((cell) => cell.trim() !== '') + 1;
  const least = Math.max(texts, columns.length);
  for (let length = least; length <= cells.length; length++) {
    const values = alignByForm(columns, cells.slice(0, length), isGuess || length > columns.length);
    if (values !== undefined) return values;
  }
  return least === columns.length && !isGuess ? inOrder(columns, cells) : undefined;
}

/** Whether the row has each column, or the first ones up to the recording and more, and all have their forms. */
export function hasForms(columns: readonly string[], cells: readonly string[], isGuess = false): boolean {
  if (cells.length > columns.length || cells.length < columns.indexOf('recording') + 2) return false;
  return cells.every((cell, index) => hasForm(columns[index] ?? '', cell, isGuess));
}

/** Whether an incomplete row may be a call: one of its cells may be a call id or a recording. */
export function mayBeCall(columns: readonly string[], cells: readonly string[]): boolean {
  const callId = cells[columns.indexOf('callid')] ?? '';
  return CALL_ID.test(callId) || cells.some((cell) => cell !== '' && RECORDING.test(cell));
}

const inOrder = (columns: readonly string[], cells: readonly string[]): RowValues =>
  Object.fromEntries(columns.map((column, index) => [column, cells[index]]));

/** The cells from `start` up to, but not including, `end`. */
interface Span {
  start: number;
  end: number;
}

const textOf = (cells: readonly string[], { start, end }: Span) => cells.slice(start, end).join(',');

function alignByForm(
  columns: readonly string[],
  cells: readonly string[],
  isGuess: boolean,
): RowValues | undefined {
  for (const { forms, texts } of LAYOUTS) {
    const spans = findSpans(columns, cells, (column, text, isOneCell) => {
      const mayBeSeveral =
        texts === 'any' ? forms[column] === undefined : texts.includes(column) && !HAS_NUMBER_CELL.test(text);
      return (isOneCell || mayBeSeveral) && hasForm(column, text, isGuess, forms);
    });
    if (spans !== undefined) return takeCertain(columns, cells, spans);
  }
  return undefined;
}

function takeCertain(
  columns: readonly string[],
  cells: readonly string[],
  spans: Span[][],
): RowValues | undefined {
  const values: RowValues = {};
  for (const [index, column] of columns.entries()) {
    const texts = [...new Set(spans[index]?.map((span) => textOf(cells, span)))];
    const isDoubtful = column === 'recording' && texts.length > 1;
    const candidates = isDoubtful ? texts.filter((text) => DATED_RECORDING.test(text)) : texts;
    if (candidates.length === 1) values[column] = candidates[0];
  }
  return values.recording === undefined ? undefined : values;
}

/** For each column, the cells that it has in any alignment of a row. */
function findSpans(
  columns: readonly string[],
  cells: readonly string[],
  isValue: (column: string, text: string, isOneCell: boolean) => boolean,
): Span[][] | undefined {
  const surplus = cells.length - columns.length;
  const spansFrom = (column: string, start: number) =>
    Array.from({ length: surplus + 1 }, (_, more) => ({ start, end: start + 1 + more }))
      .filter(({ end }) => end <= cells.length)
      .filter((span) => isValue(column, textOf(cells, span), span.end - span.start === 1));

  // From the left: where a column can start if all columns before it fit.
  let starts = new Set([0]);
  const possible = columns.map((column) => {
    const spans = [...starts].flatMap((start) => spansFrom(column, start));
    starts = new Set(spans.map(({ end }) => end));
    return spans;
  });
  // From the right: those of them after which all columns fit as well.
  let ends = new Set([cells.length]);
  const fitting = possible.toReversed().map((spans) => {
    const kept = spans.filter(({ end }) => ends.has(end));
    ends = new Set(kept.map(({ start }) => start));
    return kept;
  });
  return ends.has(0) ? fitting.toReversed() : undefined;
}

function hasForm(column: string, value: string, isGuess: boolean, forms = FORMS): boolean {
  if (column === 'recording') return !isGuess || RECORDING.test(value);
  return forms[column]?.test(value.trim()) ?? true;
}
