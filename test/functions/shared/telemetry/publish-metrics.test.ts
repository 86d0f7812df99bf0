import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { LOG_EVENTS } from '../../../../functions/shared/telemetry/events.ts';
import { log } from '../../../../functions/shared/telemetry/log.ts';
import { METRICS, NAMESPACE } from '../../../../functions/shared/telemetry/metric-definitions.ts';
import { publishMetrics } from '../../../../functions/shared/telemetry/publish-metrics.ts';

delete process.env.POWERTOOLS_METRICS_DISABLED;
publishMetrics('Calls');

afterEach(() => {
  vi.restoreAllMocks();
});

/** What `act` writes to stdout directly, without the log lines, which go through the console. */
function printed(act: () => void): string {
  const written: string[] = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation(() => {});
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    act();
  } finally {
    vi.restoreAllMocks();
  }
  return written.join('');
}

const documentsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('an outcome is printed as one document in embedded metric format per set of dimensions', () => {
  const documents = documentsOf(
    printed(() => log('error', 'session-down', { pbx: 'hq', outcome: 'held', code: 'pbx-20003' })),
  );
  const directive = (dimensions: string[][], metrics: object[]) => ({
    Timestamp: expect.any(Number),
    CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: dimensions, Metrics: metrics }],
  });
  expect(documents).toEqual([
    {
      _aws: directive([['stack', 'pbx']], [{ Name: 'SessionUp', Unit: 'Count' }]),
      stack: 'Calls',
      pbx: 'hq',
      SessionUp: 0,
    },
    { _aws: directive([['stack']], [{ Name: 'LoginHeld', Unit: 'Count' }]), stack: 'Calls', LoginHeld: 1 },
    {
      _aws: directive(
        [
          ['stack', 'pbx'],
          ['stack', 'code'],
        ],
        [{ Name: 'Failures', Unit: 'Count' }],
      ),
      stack: 'Calls',
      pbx: 'hq',
      code: 'pbx-20003',
      Failures: 1,
    },
  ]);
});

test('a metric for the stack and the PBX is published in both series', () => {
  const [document] = documentsOf(printed(() => log('error', 'recording-lost', { pbx: 'hq' })));
  expect(document._aws.CloudWatchMetrics[0].Dimensions).toEqual([['stack'], ['stack', 'pbx']]);
});

test('the outcome is still logged', () => {
  printed(() => {
    log('warn', 'report-rejected');
    expect(console.warn).toHaveBeenCalledWith({ level: 'warn', event: 'report-rejected' });
  });
});

test('a line that adds to no metric prints nothing', () => {
  expect(printed(() => log('info', 'session-opened', { pbx: 'hq' }))).toBe('');
});

test('a metric per PBX is not published for the stack when the line names no PBX', () => {
  expect(printed(() => log('info', 'report-ignored'))).toBe('');
});

test('whatever a line contains, only numbers, the PBX id and a code are published', () => {
  const secret = 'hunter2 +49 30 901820';
  const hostile = fc.oneof(
    fc.constant(secret),
    fc.string().map((text) => text + secret),
    fc.anything(),
    fc.double(),
  );
  const known = ['pbx', 'code', 'bytes', 'ms', 'delayMs', 'ageMs', 'attempt', 'outcome', 'found', 'present'];
  const unknown = ['recording', 'callId', 'key', 'reason', 'message', 'password', 'token', '_aws', 'stack'];
  const fields = fc.dictionary(fc.constantFrom(...known, ...unknown, 'queued', 'oldestMissingMs'), hostile);

  fc.assert(
    fc.property(fc.constantFrom(...LOG_EVENTS), fields, (event, line) => {
      const text = printed(() => log('error', event, line));
      expect(text).not.toContain('hunter2');
      for (const { _aws, stack, pbx = 'hq', code = 'other', ...values } of documentsOf(text)) {
        expect(_aws.CloudWatchMetrics).toHaveLength(1);
        expect(stack).toBe('Calls');
        expect(pbx).toMatch(/^[a-z0-9-]{1,40}$/);
        expect(code).toMatch(/^[a-z]+(-[a-z]+)*$|^pbx-\d{5}$/);
        for (const [name, value] of Object.entries(values)) {
          expect(METRICS).toHaveProperty(name);
          expect(value).toEqual(expect.any(Number));
        }
      }
    }),
  );
});
