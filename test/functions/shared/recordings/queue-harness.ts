import type { Job } from '../../../../functions/shared/jobs/job.ts';
import type { PbxEvent } from '../../../../infra/simulated-pbx/events.ts';
import { captureLog } from '../../capture-log.ts';
import { startArchiveHarness } from './archive-harness.ts';
import { wav } from './wav.ts';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
/** PCM, 8 kHz, 16 bit, mono. */
const BYTES_PER_SECOND = 16_000;

/** A recording of `seconds`, whose header may not have its sizes yet. */
export const audio = (seconds: number, header: { riffSize?: number; dataSize?: number } = {}) =>
  wav({ audioBytes: seconds * BYTES_PER_SECOND, ...header });

/** Returns those of the named events that were logged in the current test, in their order. */
export function captureEvents() {
  const lines = captureLog();
  return (...events: string[]) => lines.map(({ event }) => event).filter((event) => events.includes(event));
}

interface Options {
  contentLength?: boolean;
  partBytes?: number;
  onEvent?: (event: PbxEvent) => void;
}

/** A PBX and a queue whose messages are delivered when they are due, by the test's clock. */
export async function startPbx({ contentLength = true, partBytes, onEvent }: Options = {}) {
  const harness = await startArchiveHarness({
    pbx: { contentLength, ...(onEvent && { onEvent }) },
    ...(partBytes && { partBytes }),
  });
  const { pbx, clock, deliver, sent, retryDelays } = harness;
  const downloads = () => pbx.stats.requests.filter((request) => request.endsWith('/download')).length;
  /** The messages in the queue, with the times at which each was sent and is due. */
  const queue: { job: Job; attempt: number; sentAt: number; dueAt: number }[] = [];
  return {
    ...harness,
    downloads,
    queue,
    report(call: { recording: string; callId: string }, talkSeconds?: number): Job {
      const job = harness.jobFor(call);
      const callFacts = {
        ...job.call,
        ...(talkSeconds !== undefined && { talkSeconds: String(talkSeconds) }),
      };
      const reported = { ...job, call: callFacts };
      queue.push({ job: reported, attempt: 1, sentAt: clock.now, dueAt: clock.now });
      return reported;
    },
    /** Lets `ms` pass, or the time until the queue is empty. */
    async pass(ms = 20 * 24 * HOUR_MS) {
      const until = clock.now + ms;
      for (;;) {
        queue.sort((a, b) => a.dueAt - b.dueAt);
        const [next] = queue;
        if (next === undefined) return;
        if (next.dueAt > until) break;
        queue.shift();
        clock.now = Math.max(clock.now, next.dueAt);
        const [requeued, retried] = [sent.length, retryDelays.length];
        await deliver(next.job, next.attempt, undefined, next.sentAt);
        for (const { job, delaySeconds = 5 } of sent.slice(requeued)) {
          queue.push({ job, attempt: 1, sentAt: clock.now, dueAt: clock.now + delaySeconds * SECOND_MS });
        }
        for (const delay of retryDelays.slice(retried)) {
          queue.push({ ...next, attempt: next.attempt + 1, dueAt: clock.now + delay * SECOND_MS });
        }
      }
      clock.now = until;
    },
    async stored(recording: string) {
      const folder = 'recordings/test/2024/05/17/';
      const keys = (await harness.bucket.keys()).filter((key) => key?.startsWith(folder));
      const objects = new Map<string, Buffer>();
      for (const key of keys)
        objects.set(key?.slice(folder.length) ?? '', await harness.bucket.bytesOf(key ?? ''));
      return { main: objects.get(recording), all: objects };
    },
    async verifiedBy(recording: string) {
      const { Metadata } = await harness.bucket.head(`recordings/test/2024/05/17/${recording}`);
      return Metadata?.['verified-by'];
    },
  };
}
