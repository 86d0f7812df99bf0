import { currentInvocation } from '../engine/current-invocation.ts';
import { delay } from '../engine/virtual-time.ts';
import type { FaultKind } from '../faults.ts';
import type { World } from '../world.ts';
import { type Invocation, never } from './invocation.ts';

/** A request as it has been serialised. */
export interface AwsRequest {
  method: string;
  hostname: string;
  path: string;
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body: unknown;
}

export interface AwsAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** How a request goes wrong. The first four have no effect, and with `slow` it may depend on who waits. */
export type AwsFault =
  | 'error'
  | 'throttled'
  | 'reset'
  | 'reset-in-body'
  | 'slow'
  | 'answer-lost'
  | 'odd-answer';

export interface AwsService {
  name: string;
  /** The operation and what it is about, for the trace. */
  describe(request: AwsRequest): string;
  /** What may go wrong with such a request. */
  faults(request: AwsRequest): [FaultKind, AwsFault][];
  /** A request is on its way, and may come to nothing. */
  onRequest?(request: AwsRequest, invocation: Invocation): void;
  handle(request: AwsRequest, invocation: Invocation): AwsAnswer;
  answerWith(fault: AwsFault, request: AwsRequest): AwsAnswer;
}

/** Takes the place of a connection: the answer of the service at `hostname`, or what comes in the way of it. */
export async function sendThrough(
  request: AwsRequest,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<Required<AwsAnswer>> {
  const invocation = currentInvocation.getStore();
  if (invocation === undefined) throw new Error('A request to AWS outside any function.');
  const { status, headers, body = '' } = await send(request, { invocation, timeoutMs, abortSignal: signal });
  return { status, headers: { 'content-length': String(Buffer.byteLength(body)), ...headers }, body };
}

interface Sending {
  invocation: Invocation;
  timeoutMs: number;
  abortSignal: AbortSignal | undefined;
}

async function send(request: AwsRequest, sending: Sending): Promise<AwsAnswer> {
  const { invocation, timeoutMs, abortSignal } = sending;
  const { world } = invocation;
  const service = world.aws.serviceAt(request.hostname);
  const what = `${service.name} ${service.describe(request)}`;
  if (invocation.state === 'ended') world.checks.functions.onLateRequest(invocation, what);
  abortSignal?.throwIfAborted();
  if (!invocation.passes('before-effect')) return never();

  const impatience = new AbortController();
  const giveUp = (name: string) => impatience.abort(Object.assign(new Error(what), { name }));
  const timer = setTimeout(() => giveUp('TimeoutError'), timeoutMs);
  const onAbort = () => giveUp('AbortError');
  abortSignal?.addEventListener('abort', onAbort, { once: true });
  invocation.openRequests.add(what);
  try {
    return await Promise.race([
      exchange(service, request, what, sending, impatience.signal),
      failing(impatience.signal),
    ]);
  } catch (error) {
    world.trace.add(invocation.name, `${what}: ${(error as Error).name}`);
    throw error;
  } finally {
    clearTimeout(timer);
    abortSignal?.removeEventListener('abort', onAbort);
    invocation.openRequests.delete(what);
    // Nobody is there any more to hear of it.
    if (invocation.state === 'killed') await never();
  }
}

async function exchange(
  service: AwsService,
  request: AwsRequest,
  what: string,
  { invocation }: Sending,
  impatience: AbortSignal,
): Promise<AwsAnswer> {
  const { world } = invocation;
  service.onRequest?.(request, invocation);
  const fault = drawFault(world, service, request, invocation);
  const latencyMs = () => world.latency.integer(1, 40);
  await delay(latencyMs());
  if (fault === 'reset' || fault === 'reset-in-body') throw connectionReset();
  if (fault === 'slow') await delay(world.latency.integer(1000, 100_000));
  const isGone = impatience.aborted || invocation.state === 'killed';
  // Of a request whose sender has gone nobody knows whether it arrived.
  if (isGone && world.latency.isTrue(0.5)) return never();
  const isAnswered = fault === undefined || fault === 'slow' || fault === 'answer-lost';
  const answer = isAnswered ? service.handle(request, invocation) : service.answerWith(fault, request);
  world.trace.add(invocation.name, `${what} -> ${answer.status}${isGone ? ' (unheard)' : ''}`);
  if (!isGone && !invocation.passes('after-effect')) return never();
  if (fault === 'answer-lost') throw connectionReset();
  await delay(latencyMs());
  return answer;
}

function drawFault(
  { faults }: World,
  service: AwsService,
  request: AwsRequest,
  invocation: Invocation,
): AwsFault | undefined {
  const struck = service.faults(request).find(([kind]) => faults.strikes(kind, invocation.name));
  if (struck === undefined) return undefined;
  invocation.suffer(struck[0]);
  return struck[1];
}

const connectionReset = () =>
  Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' });

const failing = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
