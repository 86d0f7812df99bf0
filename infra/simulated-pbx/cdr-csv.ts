const COLUMNS = [
  'callid',
  'timestart',
  'callfrom',
  'callto',
  'callduraction',
  'talkduraction',
  'srctrunkname',
  'dsttrunkname',
  'status',
  'type',
  'pincode',
  'recording',
  'didnumber',
  'sn',
];

/** Builds the CDR file, with the header that the guide documents. */
export function cdrCsv(reports: readonly Record<string, unknown>[]): string {
  const rows = reports.map((report) => COLUMNS.map((column) => quote(String(report[column] ?? ''))));
  return [COLUMNS, ...rows].map((cells) => `${cells.join(',')}\n`).join('');
}

export interface CdrWindow {
  /** `all`, or extension numbers separated by commas. */
  extensions: string;
  /** PBX-local `yyyy-MM-dd HH:mm:ss`; both ends are included. */
  starttime: string;
  endtime: string;
}

export function isInWindow(report: Record<string, unknown>, window: CdrWindow): boolean {
  // Times in this format sort correctly as text.
  const start = String(report.timestart);
  if (start < window.starttime || start > window.endtime) return false;
  const wanted = window.extensions.split(',');
  return wanted.some((extension) => ['all', report.callfrom, report.callto].includes(extension));
}

const quote = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
