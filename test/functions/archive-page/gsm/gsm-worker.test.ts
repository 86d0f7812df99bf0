import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import {
  createDecoderClient,
  type DecoderWorker,
} from '../../../../functions/archive-page/app/gsm/gsm-client.ts';
import { decodeGsmFile } from '../../../../functions/archive-page/app/gsm/gsm-file.ts';
import { peaks } from '../../../../functions/archive-page/app/gsm/peaks.ts';
import { toWav } from '../../../../functions/archive-page/app/gsm/to-wav.ts';
import { fixture } from './fixtures.ts';
import { dataChunk, formatChunk, wavOf } from './wav-files.ts';

/** A thread of Node with the interface of a browser's worker. */
function startWorker(script: string): DecoderWorker {
  const worker = new Worker(new URL(script, import.meta.url));
  onTestFinished(async () => void (await worker.terminate()));
  const events = new EventTarget();
  worker.on('message', (data) => events.dispatchEvent(new MessageEvent('message', { data })));
  worker.on('error', (error) =>
    events.dispatchEvent(Object.assign(new Event('error'), { message: String(error) })),
  );
  return {
    addEventListener: events.addEventListener.bind(events) as DecoderWorker['addEventListener'],
    postMessage: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => void worker.terminate(),
  };
}

const start = () => createDecoderClient(startWorker('./worker-scope.ts'));
const pcm = (samples: number) => wavOf([formatChunk({ tag: 1 }), dataChunk(new Uint8Array(2 * samples))]);
const bufferOf = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;

test('decodes GSM in a worker to a WAV file with a waveform', async () => {
  const file = fixture('speech.wav');
  const { samples, sampleRate } = decodeGsmFile(file);
  const audio = await start().decode(bufferOf(file), 50);
  expect(audio).toEqual({ wav: toWav(samples, sampleRate), peaks: peaks(samples, 50), seconds: 3 });
});

test('gives the waveform of what browsers play themselves, and no WAV file', async () => {
  const stereo = wavOf([formatChunk({ tag: 1, channels: 2 }), dataChunk(new Uint8Array(4 * 4000))]);
  expect(await start().decode(bufferOf(stereo), 4)).toEqual({
    wav: undefined,
    peaks: new Float32Array(4),
    seconds: 0.5,
  });
});

test('takes over the file instead of copying it', async () => {
  const file = bufferOf(fixture('speech.gsm'));
  const decoding = start().decode(file, 0);
  expect(file.detached).toBe(true);
  expect((await decoding).peaks).toHaveLength(0);
});

test('gives each request its own result, failed ones included', async () => {
  const client = start();
  const results = await Promise.allSettled([
    client.decode(bufferOf(pcm(8000)), 1),
    client.decode(new ArrayBuffer(), 1),
    client.decode(bufferOf(wavOf([formatChunk({ tag: 2 }), dataChunk(new Uint8Array(4))])), 1),
    client.decode(bufferOf(pcm(16000)), 1),
  ]);
  expect(results).toMatchObject([
    { value: { seconds: 1 } },
    { reason: { name: 'AudioError', code: 'unknown-format' } },
    { reason: { name: 'AudioError', code: 'unsupported-codec' } },
    { value: { seconds: 2 } },
  ]);
});

test('rejects what is unfinished when it is closed, and what comes later', async () => {
  const client = start();
  const unfinished = client.decode(bufferOf(pcm(8000)), 1);
  client.close();
  await expect(unfinished).rejects.toMatchObject({ code: 'decoder-closed' });
  await expect(client.decode(bufferOf(pcm(8000)), 1)).rejects.toMatchObject({ code: 'decoder-closed' });
});

test('rejects everything if the worker does not start', async () => {
  const client = createDecoderClient(startWorker('./no-such-worker.ts'));
  expect(client.hasEnded).toBe(false);
  await expect(client.decode(bufferOf(pcm(8000)), 1)).rejects.toMatchObject({ code: 'decoder-failed' });
  expect(client.hasEnded).toBe(true);
  await expect(client.decode(bufferOf(pcm(8000)), 1)).rejects.toMatchObject({ code: 'decoder-failed' });
});

test('rejects a file that was handed over before, and goes on', async () => {
  const client = start();
  const file = bufferOf(pcm(8000));
  await client.decode(file, 1);
  await expect(client.decode(file, 1)).rejects.toMatchObject({ name: 'DataCloneError' });
  expect(await client.decode(bufferOf(pcm(8000)), 1)).toMatchObject({ seconds: 1 });
});
