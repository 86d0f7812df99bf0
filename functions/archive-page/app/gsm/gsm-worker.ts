/** Entry of the worker that decodes audio, so that a long recording does not block the page. */
import {
  answerDecodeRequest,
  type DecodeRequest,
  type DecodeResponse,
  transferablesOf,
} from './decode-request.ts';

/** The part of DedicatedWorkerGlobalScope that is used; the page's own types (`dom`) exclude those of workers. */
interface WorkerScope {
  onmessage: ((event: { data: DecodeRequest }) => void) | null;
  postMessage(message: DecodeResponse, transfer: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  const response = answerDecodeRequest(data);
  scope.postMessage(response, transferablesOf(response));
};
