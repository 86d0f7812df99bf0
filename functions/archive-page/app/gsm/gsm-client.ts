import { AudioError } from './audio-error.ts';
import type { DecodeRequest, DecodeResponse, PlayableAudio } from './decode-request.ts';

/** The part of a `Worker` that is used. */
export interface DecoderWorker {
  addEventListener(type: 'message', listener: (event: { data: DecodeResponse }) => void): void;
  addEventListener(type: 'error', listener: (event: { message?: string }) => void): void;
  postMessage(message: DecodeRequest, transfer: ArrayBuffer[]): void;
  terminate(): void;
}

export interface DecoderClient {
  /**
   * Decodes a WAV file or raw GSM (see `decodeAudio`). Takes over `file`: its bytes are gone afterwards. Rejects with an
   * `AudioError`.
   */
  decode(file: ArrayBuffer, peakCount: number): Promise<PlayableAudio>;
  /** Whether it has failed or was closed, and decodes no more. */
  readonly hasEnded: boolean;
  /** Ends the worker. Everything unfinished rejects with `decoder-closed`, as does every later request. */
  close(): void;
}

interface PendingRequest {
  resolve: (audio: PlayableAudio) => void;
  reject: (error: AudioError) => void;
}

/** Promises for the messages of a worker that runs gsm-worker.ts. It handles one request after the other. */
export function createDecoderClient(worker: DecoderWorker): DecoderClient {
  const pending = new Map<number, PendingRequest>();
  let lastId = 0;
  let ended: AudioError | undefined;

  function end(error: AudioError): void {
    ended ??= error;
    worker.terminate();
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
  }

  worker.addEventListener('message', ({ data }) => {
    const request = pending.get(data.id);
    pending.delete(data.id);
    if ('audio' in data) request?.resolve(data.audio);
    else request?.reject(new AudioError(data.error.code, data.error.message));
  });
  // A worker that cannot be loaded gives no message.
  worker.addEventListener('error', ({ message = 'it did not start' }) => {
    end(new AudioError('decoder-failed', `The audio decoder failed: ${message}.`));
  });

  return {
    get hasEnded() {
      return ended !== undefined;
    },
    decode(file, peakCount) {
      if (ended !== undefined) return Promise.reject(ended);
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        worker.postMessage({ id, file, peakCount }, [file]);
        pending.set(id, { resolve, reject });
      });
    },
    close: () => end(new AudioError('decoder-closed', 'The audio decoder was closed.')),
  };
}
