import { createHash } from 'node:crypto';
import { format } from 'node:util';
import type { Invocation } from '../aws/invocation.ts';
import { currentInvocation } from '../engine/current-invocation.ts';
import type { World } from '../world.ts';

const LEVELS = ['debug', 'log', 'info', 'warn', 'error'] as const;

/** Checks every line that the functions print. */
export class LogChecks {
  readonly #world: World;
  readonly #secrets = new Set<string>();
  readonly #restore: (() => void)[] = [];

  constructor(world: World) {
    this.#world = world;
    for (const level of LEVELS) {
      const print = console[level];
      console[level] = (...values: unknown[]) => this.#onLine(level, values);
      this.#restore.push(() => {
        console[level] = print;
      });
    }
  }

  /** Also registers its MD5, as which a password is sent to the PBX. */
  addSecret(secret: string): void {
    // The report URL ends in the beginning of the webhook secret.
    const derived = [createHash('md5').update(secret).digest('hex'), secret.slice(0, 26)];
    for (const value of [secret, ...derived]) this.#secrets.add(value);
  }

  hasSecret(text: string): boolean {
    return this.#findSecret(text) !== undefined;
  }

  #findSecret(text: string): string | undefined {
    return text.match(/[a-z0-9]{20,}/g)?.find((word) => this.#secrets.has(word));
  }

  #onLine(level: string, values: unknown[]): void {
    const line = format(...values).replaceAll(/\s+/g, ' ');
    const { trace, violations, checks } = this.#world;
    const invocation = currentInvocation.getStore();
    if (invocation?.state !== 'killed')
      trace.add(invocation?.name ?? 'somebody', `${level}: ${line.slice(0, 400)}`);
    const { event, pbx, callId, code } = (values[0] ?? {}) as Record<string, unknown>;
    if (invocation && event === 'retry-scheduled' && code === 'recording-unfinished')
      invocation.isWaiting = true;
    if (event === 'recording-lost' && invocation?.state !== 'killed')
      checks.endings.onLoss(pbx, recordingOf(invocation), callId);
    // A list of recordings may not say the call, and a log line never says the whole name.
    if (event === 'missing-recording-queued' && callId !== undefined && invocation?.state === 'running')
      checks.functions.onMissingQueued(pbx, String(callId), invocation);
    const office = this.#world.offices.find(({ id }) => id === pbx);
    if (office && event === 'session-up') office.sessionRuns.up += 1;
    if (office && event === 'pbx-clock-wrong') office.sessionRuns.clockWrong += 1;
    if (event === 'cdr-rows-unreadable' && invocation?.troubles.length === 0)
      violations.add('every row of a call log is read', line);
    const body = (invocation?.event as { body?: unknown } | undefined)?.body;
    if (event === 'report-malformed' && /"callid"|call_id/.test(String(body)))
      violations.add('every reported call is queued', String(body));
    const found = this.#findSecret(line);
    if (found !== undefined)
      violations.add('no secret is logged', line.replaceAll(found, '*'.repeat(found.length)));
  }

  stop(): void {
    for (const restore of this.#restore) restore();
  }
}

/** The name in the job that a function is working on. */
function recordingOf(invocation: Invocation | undefined): unknown {
  const [message] = (invocation?.event as { Records?: { body: string }[] } | undefined)?.Records ?? [];
  return message && JSON.parse(message.body).recording;
}
