import type { Readable } from 'node:stream';
import { ArchiveError, PbxRefusal } from '../errors.ts';
import { decodeBody, type ResponseHeaders } from './content-encoding.ts';
import { badStatus, recordingEmpty } from './errors.ts';
import { readBody } from './read-body.ts';
import type { RecordingSource } from './recording-source.ts';

interface Refused {
  statusCode: number;
  headers: ResponseHeaders;
  body: Readable;
}

/** There is no such file. */
const NO_FILE = [404, 410];

/**
 * The error for a download with a status other than success: the failure that the PBX reports by JSON, or what the status
 * says. Closes the connection, at the latest after `timeoutMs`.
 */
export async function refusedDownload(
  response: Refused,
  readFailure: Required<RecordingSource>['readFailure'],
  timeoutMs: number,
): Promise<ArchiveError> {
  const { statusCode, body } = response;
  const timer = setTimeout(() => body.destroy(), timeoutMs);
  try {
    if (statusCode >= 400) readFailure(await readBody((await decodeBody(response)).body));
  } catch (error) {
    if (error instanceof PbxRefusal) return error;
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
  if (statusCode === 204) return recordingEmpty();
  const error = badStatus(statusCode);
  return NO_FILE.includes(statusCode)
    ? new ArchiveError(error.code, error.message, { kind: 'missing' })
    : error;
}
