import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

type Report = Record<string, unknown>;

/** The PBX's disk: recordings, and what the PBX notes of calls: the CDR of each, or its list of recordings. */
export interface Storage {
  readonly reports: readonly Report[];
  addReport(report: Report): void;
  writeRecording(name: string, bytes: Buffer): void;
  readRecording(name: string): Buffer | undefined;
  removeRecording(name: string): void;
}

export function createMemoryStorage(): Storage {
  const reports: Report[] = [];
  const recordings = new Map<string, Buffer>();
  return {
    reports,
    addReport: (report) => void reports.push(report),
    writeRecording: (name, bytes) => void recordings.set(name, bytes),
    readRecording: (name) => recordings.get(name),
    removeRecording: (name) => void recordings.delete(name),
  };
}

/** Stores everything in `directory`, where a later process finds it again. */
export function openStorage(directory: string): Storage {
  const reportFile = join(directory, 'cdr.jsonl');
  // Names contain phone numbers, and in tests worse. Encoded, no name leads out of the folder.
  const recordingPath = (name: string) => join(directory, 'recordings', encodeURIComponent(name));
  mkdirSync(join(directory, 'recordings'), { recursive: true });
  const reports = readReports(reportFile);
  return {
    reports,
    addReport: (report) => {
      reports.push(report);
      appendFileSync(reportFile, `${JSON.stringify(report)}\n`);
    },
    writeRecording: (name, bytes) => writeFileSync(recordingPath(name), bytes),
    readRecording: (name) =>
      existsSync(recordingPath(name)) ? readFileSync(recordingPath(name)) : undefined,
    removeRecording: (name) => rmSync(recordingPath(name), { force: true }),
  };
}

function readReports(file: string): Report[] {
  // With this flag, a directory of that name is an error that states its path.
  const bytes = readFileSync(file, { flag: 'a+' });
  const end = bytes.lastIndexOf('\n') + 1;
  // A kill may have cut off the last line, and the next report would continue it.
  if (end < bytes.length) truncateSync(file, end);
  return bytes.toString('utf8', 0, end).split('\n').flatMap(parseReport);
}

/** Returns nothing for a line that is damaged: the simulation does not need the calls of earlier runs. */
function parseReport(line: string): Report[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
