import { createIncoming } from '../../../../functions/shared/pbx/incoming.ts';
import type { Incoming } from '../../../../functions/shared/pbx/types.ts';

/** A body that consists of these chunks, each of which comes when more is wanted. Tells `onClose` when it is closed. */
export function incomingOf(chunks: Iterable<Buffer> | AsyncIterable<Buffer>, onClose = () => {}): Incoming {
  const coming = (async function* () {
    yield* chunks;
  })();
  let isComing = false;

  async function bring(): Promise<void> {
    if (isComing) return;
    isComing = true;
    try {
      while (feed.isWanted()) {
        const { done, value } = await coming.next();
        if (done === true) feed.end();
        else feed.take(value);
      }
    } catch (error) {
      feed.fail(error);
    }
    isComing = false;
  }

  const { incoming, feed } = createIncoming({
    resume: () => void bring(),
    close() {
      void coming.return();
      onClose();
    },
  });
  return incoming;
}
