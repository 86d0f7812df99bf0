import { log } from '../../functions/shared/telemetry/log.ts';
import type { S3Options } from './s3/server.ts';

type S3Event = Parameters<NonNullable<S3Options['onEvent']>>[0];

/** Passes on events that an EventBridge rule would: the changes of recordings and of what is remembered of them. */
export function createBucketEvents() {
  const sending = new Set<Promise<void>>();
  let send: ((event: S3Event) => Promise<unknown>) | undefined;

  async function pass(event: S3Event): Promise<void> {
    try {
      await send?.(event);
    } catch (error) {
      // The next start, or reconciliation, brings the index up to date.
      log('error', 'indexing-failed', { code: error instanceof Error ? error.name : 'unknown' });
    }
  }

  return {
    add(event: S3Event): void {
      if (!/^(?:recordings|reconciliation)\//.test(event.detail.object.key)) return;
      const sent = pass(event).finally(() => sending.delete(sent));
      sending.add(sent);
    },
    /** Until this is called, there are no events. */
    deliver(to: (event: S3Event) => Promise<unknown>): void {
      send = to;
    },
    /** Resolves when all events have been sent. */
    async flush(): Promise<void> {
      await Promise.all(sending);
    },
  };
}
