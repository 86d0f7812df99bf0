import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import type { Recording } from './calls.ts';
import { interrupted } from './run-program.ts';

/** As the README describes it. */
export function keyOf(pbx: string, recording: string): string {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)/.exec(recording) ?? [];
  return ['recordings', pbx, year, month, day, recording].join('/');
}

export interface Archive {
  /** Waits until a recording has arrived, and compares its bytes. */
  expectRecording(recording: Recording): Promise<void>;
}

const PATIENCE_MS = 120_000;
const PERIOD_MS = 500;

/** `check` is called while it waits, and throws if waiting is in vain. */
export function createArchive(bucket: string, check: () => void): Archive {
  // It takes everything else from the environment.
  const s3 = new S3Client({ forcePathStyle: true });
  async function read(pbx: string, recording: string) {
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: keyOf(pbx, recording) });
      const { Body } = await s3.send(command, { abortSignal: interrupted });
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }
  return {
    async expectRecording({ pbx, recording, bytes }) {
      const deadline = Date.now() + PATIENCE_MS;
      let stored = await read(pbx, recording);
      while (stored === undefined) {
        check();
        assert(Date.now() < deadline, `${recording} of ${pbx} has not arrived in ${PATIENCE_MS / 1000} s.`);
        await setTimeout(PERIOD_MS, undefined, { signal: interrupted });
        stored = await read(pbx, recording);
      }
      assert(stored.equals(bytes), `${recording} of ${pbx} has other bytes than at the PBX.`);
    },
  };
}
