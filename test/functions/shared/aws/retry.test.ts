import { isThrottlingError, isTransientError } from '@smithy/core/retry';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { AwsError } from '../../../../functions/shared/aws/aws-service.ts';
import { findDelayBase, withRetries } from '../../../../functions/shared/aws/retry.ts';

const refusal = (name: string, status = 400) => new AwsError(name, undefined, status);
const breakdown = (code: string) => Object.assign(new Error(code), { name: code, code });

const failures = [
  ...[400, 403, 404, 409, 412, 429, 500, 501, 502, 503, 504, 505].map((status) => refusal('Refused', status)),
  ...['AccessDenied', 'NoSuchUpload', 'QueueDoesNotExist', 'InternalError', 'AbortError'].map((it) =>
    refusal(it),
  ),
  ...['RequestTimeout', 'RequestTimeoutException', 'TimeoutError'].map((name) => refusal(name)),
  ...['BandwidthLimitExceeded', 'EC2ThrottledException', 'LimitExceededException'].map((it) => refusal(it)),
  ...['PriorRequestNotComplete', 'ProvisionedThroughputExceededException'].map((name) => refusal(name)),
  ...['RequestLimitExceeded', 'RequestThrottled', 'RequestThrottledException', 'SlowDown'].map((it) =>
    refusal(it),
  ),
  ...['ThrottledException', 'Throttling', 'ThrottlingException'].map((name) => refusal(name)),
  ...['TooManyRequestsException', 'TransactionInProgressException'].map((name) => refusal(name)),
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].map(breakdown),
  ...['ENOTFOUND', 'EAI_AGAIN', 'HPE_INVALID_CONSTANT', 'DEPTH_ZERO_SELF_SIGNED_CERT'].map(breakdown),
  new TypeError('a bug'),
];

test.each(failures.map((error) => [error.name, Reflect.get(error, '$metadata')?.httpStatusCode, error]))(
  'what is tried again, and as what, is decided as the SDK does: %s, %s',
  (_name, _status, failure) => {
    const error = failure as Parameters<typeof isTransientError>[0];
    const asSdk = isThrottlingError(error) ? 500 : isTransientError(error) ? 100 : undefined;
    expect(findDelayBase(error)).toBe(asSdk);
  },
);

test.each([undefined, null, 'text', 7])('what is no error is not tried again: %s', (thrown) => {
  expect(findDelayBase(thrown)).toBeUndefined();
});

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  onTestFinished(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
});

test.each([
  ['500', refusal('InternalError', 500), [0, 50, 150]],
  ['a broken connection', breakdown('ECONNRESET'), [0, 50, 150]],
  ['a request for fewer requests', refusal('SlowDown', 503), [0, 250, 750]],
])('after %s the waiting time doubles', async (_, failure, expected) => {
  const startedAt = Date.now();
  const tries: number[] = [];
  const sending = withRetries(async () => {
    tries.push(Date.now() - startedAt);
    throw failure;
  }, undefined);
  const [outcome] = await Promise.all([sending.catch((error: unknown) => error), vi.runAllTimersAsync()]);
  expect(outcome).toBe(failure);
  expect(tries).toEqual(expected);
});

test('an abort ends the wait for the next try at once', async () => {
  const controller = new AbortController();
  const attempt = vi.fn(async () => {
    if (controller.signal.aborted) throw breakdown('AbortError');
    throw refusal('SlowDown', 503);
  });
  const sending = withRetries(attempt, controller.signal);
  const expected = expect(sending).rejects.toMatchObject({ name: 'AbortError' });
  await vi.advanceTimersByTimeAsync(249);
  expect(attempt).toHaveBeenCalledTimes(1);
  controller.abort();
  await expected;
  expect(attempt).toHaveBeenCalledTimes(2);
  expect(vi.getTimerCount()).toBe(0);
});

test('what fails while it is being aborted is not waited for', async () => {
  const controller = new AbortController();
  const attempt = vi.fn(async () => {
    controller.abort();
    throw refusal('SlowDown', 503);
  });
  await expect(withRetries(attempt, controller.signal)).rejects.toMatchObject({ name: 'SlowDown' });
  expect(attempt).toHaveBeenCalledTimes(1);
});
