import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Report = Record<string, unknown>;

/** The PBX's disk: recordings, and the CDR of every call. */
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
  const lines = existsSync(reportFile) ? readFileSync(reportFile, 'utf8').split('\n').filter(Boolean) : [];
  const reports: Report[] = lines.map((line) => JSON.parse(line));
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
