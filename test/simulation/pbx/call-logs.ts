/** Call logs as other firmwares and exports write them; each gets the one of the guide, with a header and LF. */
export const CALL_LOG_WRITERS: readonly ((csv: string) => string)[] = [
  // Each row has one cell more than the header.
  (csv) => mapRows(csv, (row) => `${row},`),
  // The header is of another origin than the rows.
  (csv) => csv.replace('\n', '\r\n'),
  (csv) => `\uFEFF${csv.replaceAll('\n', '\r\n')}`,
  // Names are not quoted, whatever they contain.
  (csv) => csv.replaceAll(QUOTED_NAME, 'Büro Süd, Leitung 1'),
  (csv) => csv.replaceAll(QUOTED_NAME, 'Büro Süd\nLeitung 1'),
];

const QUOTED_NAME = '"Büro ""Süd"", Leitung 1"';

const mapRows = (csv: string, change: (row: string) => string) =>
  csv.replaceAll(/(?<=\n).+/g, (row) => change(row));
