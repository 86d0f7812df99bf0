import { localTime } from '../pbx-time.ts';

/** A recorded call, as `recording/list` and `recording/search` show it. */
export interface Row {
  id: number;
  /** When the call began (epoch ms). */
  startedAt: number;
  uid: string;
  from: string;
  to: string;
  seconds: number;
  type: string;
  file: string;
  size: number;
  /** What the PBX's own archive did with the file. */
  archiveStatus: string | undefined;
}

/** A firmware before the newer fields: no numbers apart from names, nothing of the archive, no count. */
export type RowForm = 'new' | 'old';

/** As the guide describes them, only the list says what became of a file. */
export type Operation = 'list' | 'search';

export function describeRow(
  row: Row,
  timeZone: string,
  form: RowForm,
  operation: Operation,
): Record<string, unknown> {
  return {
    id: row.id,
    time: displayTime(row.startedAt, timeZone),
    uid: row.uid,
    call_from: `Extension<${row.from}>`,
    call_to: `Extension<${row.to}>`,
    duration: row.seconds,
    size: row.size,
    call_type: row.type,
    file: row.file,
    ...(form === 'new' && {
      call_from_number: row.from,
      call_from_name: 'Extension',
      call_to_number: row.to,
      call_to_name: 'Extension',
      ...(row.archiveStatus !== undefined &&
        operation === 'list' && {
          archive_status: row.archiveStatus,
          archive_type: 'amazon_s3',
          archive_path: 'pbx/2025',
        }),
    }),
  };
}

/** `DD/MM/YYYY hh:mm:ss AM`, the format that an administrator has chosen for the web page. */
export function displayTime(epochMs: number, timeZone: string): string {
  const [date = '', time = ''] = localTime(epochMs, timeZone).split(' ');
  const [hour = '0', ...rest] = time.split(':');
  const hours = Number(hour);
  const clock = [String(hours % 12 || 12).padStart(2, '0'), ...rest].join(':');
  return `${date.split('-').reverse().join('/')} ${clock} ${hours < 12 ? 'AM' : 'PM'}`;
}

export interface ListQuery {
  page: number;
  pageSize: number;
  sortBy: string;
  orderBy: string;
}

export function readListQuery(query: ReadonlyMap<string, string>): ListQuery {
  return {
    page: Number(query.get('page') ?? 1),
    pageSize: Number(query.get('page_size') ?? 10),
    sortBy: query.get('sort_by') ?? 'id',
    orderBy: query.get('order_by') ?? 'asc',
  };
}

export function selectPage(rows: readonly Row[], { page, pageSize, sortBy, orderBy }: ListQuery): Row[] {
  const keyOf = (row: Row) => (sortBy === 'time' ? row.startedAt : row.id);
  const sorted = rows.toSorted((one, other) => keyOf(one) - keyOf(other));
  if (orderBy === 'desc') sorted.reverse();
  return sorted.slice((page - 1) * pageSize, page * pageSize);
}
