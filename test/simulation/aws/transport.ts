import { currentInvocation } from '../engine/current-invocation.ts';
import { delay } from '../engine/virtual-time.ts';
import type { FaultKind } from '../faults.ts';
import type { World } from '../world.ts';
import { type Invocation, never } from './invocation.ts';
import { isAllowed, type Permission } from './permissions.ts';

/** A serialised request. */
export interface AwsRequest {
  method: string;
  hostname: string;
  path: string;
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body: unknown;
}

export interface AwsResponse {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** How a request fails. With the first four it has no effect; with `slow` it may have one if the sender gave up. */
export type AwsFault =
  | 'error'
  | 'throttled'
  | 'reset'
  | 'reset-in-body'
  | 'slow'
  | 'response-lost'
  | 'error-in-200';

export interface AwsService {
  name: string;
  /** The operation and its target, for the trace. */
  describe(request: AwsRequest): string;
  /** The faults that may happen to this request. */
  faults(request: AwsRequest): [FaultKind, AwsFault][];
  /** Called when a request is sent, which may still fail. */
  onRequest?(request: AwsRequest, invocation: Invocation): void;
  /** What the sender's role has to allow. */
  permissions(request: AwsRequest): Permission[];
  handle(request: AwsRequest, invocation: Invocation): AwsResponse;
  /** `denied`: the role does not allow the request. */
  responseFor(fault: AwsFault | 'denied', request: AwsRequest): AwsResponse;
}

/** Used instead of a connection: returns the response of the simulated service, or throws what a fault causes. */
export async function sendThrough(
  request: AwsRequest,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<Required<AwsResponse>> {
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

async function send(request: AwsRequest, sending: Sending): Promise<AwsResponse> {
  const { invocation, timeoutMs, abortSignal } = sending;
  const { world } = invocation;
  const service = world.aws.serviceAt(request.hostname);
  const what = `${service.name} ${service.describe(request)}`;
  if (invocation.state === 'ended') world.checks.functions.onLateRequest(invocation, what);
  abortSignal?.throwIfAborted();
  if (!invocation.passes('before-effect')) return never();

  const abandonment = new AbortController();
  const giveUp = (name: string) => abandonment.abort(Object.assign(new Error(what), { name }));
  const timer = setTimeout(() => giveUp('TimeoutError'), timeoutMs);
  const onAbort = () => giveUp('AbortError');
  abortSignal?.addEventListener('abort', onAbort, { once: true });
  invocation.openRequests.add(what);
  try {
    return await Promise.race([
      exchange(service, request, what, sending, abandonment.signal),
      failing(abandonment.signal),
    ]);
  } catch (error) {
    world.trace.add(invocation.name, `${what}: ${(error as Error).name}`);
    throw error;
  } finally {
    clearTimeout(timer);
    abortSignal?.removeEventListener('abort', onAbort);
    invocation.openRequests.delete(what);
    // The function is dead: its code must not continue.
    if (invocation.state === 'killed') await never();
  }
}

async function exchange(
  service: AwsService,
  request: AwsRequest,
  what: string,
  { invocation }: Sending,
  abandonment: AbortSignal,
): Promise<AwsResponse> {
  const { world } = invocation;
  service.onRequest?.(request, invocation);
  const fault = drawFault(world, service, request, invocation);
  const latencyMs = () => world.latency.integer(1, 40);
  await delay(latencyMs());
  if (fault === 'reset' || fault === 'reset-in-body') throw connectionReset();
  if (fault === 'slow') await delay(world.latency.integer(1000, 100_000));
  const isGone = abandonment.aborted || invocation.state === 'killed';
  // It is unknown whether a request arrives after its sender has gone.
  if (isGone && world.latency.isTrue(0.5)) return never();
  const isHandled = fault === undefined || fault === 'slow' || fault === 'response-lost';
  const refusal = isDenied(service, request, invocation) ? 'denied' : isHandled ? undefined : fault;
  const response = refusal ? service.responseFor(refusal, request) : service.handle(request, invocation);
  world.trace.add(invocation.name, `${what} -> ${response.status}${isGone ? ' (unheard)' : ''}`);
  if (!isGone && !invocation.passes('after-effect')) return never();
  if (fault === 'response-lost') throw connectionReset();
  await delay(latencyMs());
  return response;
}

/** As on AWS, and unlike most local servers, a role may do what its policies allow, and nothing else. */
function isDenied(service: AwsService, request: AwsRequest, { world, functionName }: Invocation): boolean {
  const denied = service.permissions(request).find((permission) => !isAllowed(functionName, permission));
  if (denied === undefined) return false;
  const { action, resource } = denied;
  world.violations.add('no function lacks a permission', `${functionName}: ${action} on ${resource}`);
  return true;
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
