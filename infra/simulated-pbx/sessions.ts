import { createHash, randomBytes } from 'node:crypto';
import type { Errno, Outcome } from './errno.ts';
import { resolveReportUrl, type Subscription } from './subscription.ts';

const TOKEN_IDLE_MS = 30 * 60_000;
const LOCK_MS = 10 * 60_000;
const LOGINS_BEFORE_LOCK = 5;

export type ReportMethod = 'HTTP' | 'TCP';

export interface SessionOptions {
  username: string;
  password: string;
  now: () => number;
  refreshTokens: boolean;
  endsOldTokenOnLogin: boolean;
  reportMethod: ReportMethod | undefined;
  /** The version in a login that makes reports well-formed. */
  eventVersion: string;
}

export type Body = Record<string, unknown>;

interface Session {
  lastUsedAt: number;
  refreshToken: string;
  wellFormedReports: boolean;
  subscription: Subscription | undefined;
}

/** Logins, tokens, the lockout, and the subscriptions to reports. */
export class Sessions {
  #options: SessionOptions;
  #sessions = new Map<string, Session>();
  #failures = new Map<string, { count: number; lastAt: number }>();
  #latestSubscription: Subscription | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  login(body: Body, address: string): Outcome {
    if (this.#isLocked(address)) return '20002';
    const { username, password } = this.#options;
    if (body.username !== username || body.password !== createHash('md5').update(password).digest('hex')) {
      const count = (this.#failures.get(address)?.count ?? 0) + 1;
      this.#failures.set(address, { count, lastAt: this.#options.now() });
      return '20003';
    }
    this.#failures.delete(address);
    if (this.#options.endsOldTokenOnLogin) this.#sessions.clear();
    const session: Session = {
      lastUsedAt: this.#options.now(),
      refreshToken: '',
      wellFormedReports: body.version === this.#options.eventVersion,
      subscription: undefined,
    };
    this.#subscribe(session, body, address);
    const { reportMethod } = this.#options;
    return { ...this.#issueToken(session), ...(reportMethod && { transport: reportMethod }) };
  }

  /** Checks a token and, by default, keeps it alive for another 30 minutes. */
  use(token: string, keepsAlive = true): Errno | undefined {
    if (token === '') return '20005';
    const session = this.#sessions.get(token);
    if (!session) return '20004';
    if (!this.#isAlive(session)) return '20006';
    if (keepsAlive) session.lastUsedAt = this.#options.now();
    return undefined;
  }

  heartbeat(token: string, body: Body, address: string): Outcome {
    const session = this.#sessions.get(token);
    if (session && fieldText(body.url) !== '') this.#subscribe(session, body, address);
    return {};
  }

  /** Unlike other calls, this one takes no token, because it replaces a token that has timed out. */
  refresh(body: Body): Outcome {
    const refreshToken = fieldText(body.refreshtoken);
    if (refreshToken === '') return '20005';
    const old = [...this.#sessions].find(([, session]) => session.refreshToken === refreshToken);
    if (!old) return '20004';
    const [token, session] = old;
    this.#sessions.delete(token);
    session.lastUsedAt = this.#options.now();
    return this.#issueToken(session);
  }

  drop(token: string): void {
    this.#sessions.delete(token);
  }

  dropAll(): void {
    this.#sessions.clear();
  }

  setPassword(password: string): void {
    this.#options = { ...this.#options, password };
  }

  setReportMethod(reportMethod: ReportMethod): void {
    this.#options = { ...this.#options, reportMethod };
  }

  /** The latest subscription whose token is alive. Without one, no reports are sent. */
  liveSubscription(): Subscription | undefined {
    if (this.#options.reportMethod === 'TCP') return undefined;
    const live = [...this.#sessions.values()].filter((session) => this.#isAlive(session));
    return live.some((session) => session.subscription === this.#latestSubscription)
      ? this.#latestSubscription
      : live.findLast((session) => session.subscription)?.subscription;
  }

  /** The destination of the `BootUp` report, which is sent when no token is alive. */
  latestSubscription(): Subscription | undefined {
    return this.#latestSubscription;
  }

  #subscribe(session: Session, body: Body, callerAddress: string): void {
    const url = resolveReportUrl({
      url: fieldText(body.url),
      // The guides use both names for the heartbeat's flag.
      urltag: fieldText(body.urltag ?? body.urlflag),
      port: fieldText(body.port),
      callerAddress,
    });
    if (url === undefined) return;
    session.subscription = { url, wellFormed: session.wellFormedReports };
    this.#latestSubscription = session.subscription;
  }

  #issueToken(session: Session) {
    const token = randomHex();
    session.refreshToken = this.#options.refreshTokens ? randomHex() : '';
    this.#sessions.set(token, session);
    return { token, ...(session.refreshToken && { refreshtoken: session.refreshToken }) };
  }

  #isAlive(session: Session): boolean {
    return this.#options.now() - session.lastUsedAt < TOKEN_IDLE_MS;
  }

  #isLocked(address: string): boolean {
    const failures = this.#failures.get(address);
    if (!failures || failures.count < LOGINS_BEFORE_LOCK) return false;
    if (this.#options.now() - failures.lastAt < LOCK_MS) return true;
    this.#failures.delete(address);
    return false;
  }
}

/** Returns a field as text. Fields are strings or numbers; anything else counts as absent (`''`). */
export function fieldText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export const randomHex = () => randomBytes(16).toString('hex');
