/** Runs gsm-worker.ts in a thread of Node, with the two globals of a browser's worker that it uses. */
import { parentPort } from 'node:worker_threads';

const scope = Object.assign(globalThis, {
  onmessage: (_event: { data: unknown }) => {},
  postMessage: (message: unknown, transfer: ArrayBuffer[]) => parentPort?.postMessage(message, transfer),
});
await import('../../../../functions/archive-page/app/gsm/gsm-worker.ts');
parentPort?.on('message', (data) => scope.onmessage({ data }));
