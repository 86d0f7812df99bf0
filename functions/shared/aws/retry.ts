/** How often a request is sent at most. */
const ATTEMPTS = 3;

const TRANSIENT_STATUSES = [500, 502, 503, 504];

/** Of a connection, and of a service that has not got the request in time. */
const TRANSIENT = [
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
];

/** A service asks for fewer requests. */
const THROTTLING = [
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
];

/**
 * Tries up to three times, and fails with what the last try failed with. What is tried again, and how long after, is as
 * with the SDK, whose own retries would take 2 ms to load.
 */
export async function withRetries<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      const baseMs = findDelayBase(error);
      if (baseMs === undefined || tried === ATTEMPTS || signal?.aborted) throw error;
      // Any time up to that: those who failed together do not come back together.
      await wait(Math.random() * baseMs * 2 ** (tried - 1), signal);
    }
  }
}

/** Undefined for what another try would not change. */
export function findDelayBase(error: unknown): number | undefined {
  const { name = '', $metadata }: FailedRequest = Object(error);
  const status = $metadata?.httpStatusCode ?? 0;
  if (status === 429 || THROTTLING.includes(name)) return 500;
  return TRANSIENT_STATUSES.includes(status) || TRANSIENT.includes(name) ? 100 : undefined;
}

interface FailedRequest {
  name?: string;
  $metadata?: { httpStatusCode: number };
}

/** Ends at once when the signal aborts; the next try then fails as aborted. */
const wait = (ms: number, signal: AbortSignal | undefined) =>
  new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
