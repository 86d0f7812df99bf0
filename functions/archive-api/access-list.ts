import * as v from 'valibot';
import { may, mayOnWholePbx, type Principal } from '../shared/access/principal.ts';
import { type AccessLog, accessCursorSchema } from '../shared/access-log/access-log.ts';
import type { accessLogSchema } from '../shared/api/contract.ts';
import { type CsvPart, type ReadPage, readCsvPart } from './access-csv.ts';
import { type ApiRequest, type ApiResponse, invalid } from './api.ts';
import { recordingId } from './find-recording.ts';
import { forbid } from './forbid.ts';
import { pageLimit, personName, readInput } from './read-input.ts';

/** The query of `GET /api/access`. */
export const accessQuerySchema = v.strictObject({
  pbx: v.optional(recordingId.pbx),
  recording: v.optional(recordingId.recording),
  person: v.optional(personName),
  format: v.optional(v.picklist(['json', 'csv'], 'should be json or csv'), 'json'),
  cursor: accessCursorSchema,
  limit: pageLimit,
});

/**
 * `GET /api/access`: the access log of a recording, or of a person, newest first. Roles that are limited to extensions give
 * no right to it: the log does not know the numbers of a call.
 */
export async function listAccesses(
  request: ApiRequest,
  principal: Principal,
  { accessLog }: { accessLog: AccessLog },
): Promise<ApiResponse> {
  const parsed = readInput(accessQuerySchema, request.query);
  if ('refusal' in parsed) return parsed.refusal;
  const { pbx, recording, person, format, cursor: before, limit } = parsed.input;
  let readPage: ReadPage;
  if (person !== undefined) {
    if (pbx !== undefined || recording !== undefined)
      return invalid('person', 'should not be combined with pbx and recording');
    readPage = (page) => accessLog.ofPerson(person, page);
  } else {
    if (pbx === undefined) return invalid('pbx', 'is missing');
    if (recording === undefined) return invalid('recording', 'is missing');
    readPage = (page) => accessLog.ofRecording(pbx, recording, page);
  }
  const isAuditor = (on: string) => may(principal, 'audit', { pbx: on });
  if (pbx === undefined ? !mayOnWholePbx(principal, 'audit') : !isAuditor(pbx))
    return forbid(principal, request, accessLog, { pbx, recording });

  const visible: ReadPage = async (page) => {
    const { items, ...rest } = await readPage(page);
    return { items: items.filter((access) => access.pbx === undefined || isAuditor(access.pbx)), ...rest };
  };
  if (format === 'csv') return toCsvResponse(await readCsvPart(visible, before), before);
  const { items: accesses, cursor } = await visible({ limit, before });
  return {
    status: 200,
    body: { accesses, ...(cursor !== undefined && { cursor }) } satisfies v.InferOutput<
      typeof accessLogSchema
    >,
  };
}

function toCsvResponse({ text, cursor }: CsvPart, before: string | undefined): ApiResponse {
  return {
    status: 200,
    headers: {
      'content-type': `text/csv; charset=utf-8; header=${before === undefined ? 'present' : 'absent'}`,
      'content-disposition': 'attachment; filename=access.csv',
      ...(cursor !== undefined && { 'x-next-cursor': cursor }),
    },
    text,
  };
}
