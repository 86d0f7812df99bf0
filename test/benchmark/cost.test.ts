import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { costOfListening, costOfRecordings, fixedCosts } from './cost.ts';
import type { Resource } from './stack.ts';

const NO_REQUESTS = { s3Writes: 0, s3Reads: 0, sqs: 0, secretsManager: 0 };
const webhook = { memoryMb: 256, cpuMs: 0, requests: { ...NO_REQUESTS, sqs: 1 }, logBytes: 100 };
const archiver = {
  memoryMb: 128,
  cpuMs: 20,
  requests: { ...NO_REQUESTS, s3Writes: 1, s3Reads: 1 },
  logBytes: 100,
};
const call = { minutes: 3, bytes: 2_500_000, archiver };

test('a recording costs its transfer time, its CPU time at a share of a core, and its requests', () => {
  const { seconds, parts, total } = costOfRecordings(call, webhook, 5);
  // 4 s for 20 Mbit; 0.32 s for eight round trips; 20 ms of CPU on 7 % of a core; two requests to S3.
  expect(seconds).toBeCloseTo(4 + 0.32 + 0.02 * (1769 / 128) + 0.04, 6);
  expect(parts.s3).toBeCloseTo(0.0054, 6);
  expect(parts.sqs).toBeCloseTo(0.0012, 6);
  expect(parts.httpApi).toBeCloseTo(0.001, 6);
  expect(parts.secretsManager).toBe(0);
  expect(parts.logs).toBeCloseTo(0.001, 6);
  // 4,637 ms in 128 MB and 20 ms in 256 MB, and two invocations.
  expect(parts.lambda).toBeCloseTo(1000 * ((4.637 / 8 + 0.02 / 4) * 0.0000133334 + 0.4e-6), 6);
  // Two events, three requests each to SQS and S3, four writes to DynamoDB, and 0.3 s in 256 MB.
  expect(parts.index).toBeCloseTo(0.002 + 0.0012 + 0.0012 + 0.0025 + (300 / 4) * 0.0000133334 + 0.0002, 6);
  expect(total).toBeCloseTo(Object.values(parts).reduce((sum, part) => sum + part));
});

test('listening costs a few requests, and the transfer of the recording', () => {
  const { requests, transfer } = costOfListening(2_880_000);
  // Ten requests and invocations, four to S3, fifty reads and six writes of DynamoDB, and 0.6 s in 256 MB.
  expect(requests).toBeCloseTo(0.01 + 0.002 + 0.0016 + 0.00625 + 0.00375 + (600 / 4) * 0.0000133334, 6);
  expect(transfer).toBeCloseTo(2.88 * 0.09, 6);
  const costs = readFileSync(new URL('../../docs/costs.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
  expect(costs).toContain(`costs ${requests.toFixed(2)}, and ${transfer.toFixed(2)} for the 2.9 GB`);
});

test('a faster line saves transfer time and nothing else', () => {
  const [slow, fast] = [1, 50].map((speed) => costOfRecordings(call, webhook, speed));
  expect((slow?.seconds ?? 0) - (fast?.seconds ?? 0)).toBeCloseTo(20 - 0.4, 6);
  expect({ ...slow?.parts, lambda: 0 }).toEqual({ ...fast?.parts, lambda: 0 });
});

const resource = (type: string, properties = {}) =>
  ({ Type: `AWS::${type}`, Properties: properties }) as Resource;

test('fixed costs are counted from the resources of the stack', () => {
  const costs = fixedCosts([
    resource('SecretsManager::Secret'),
    resource('SecretsManager::Secret'),
    resource('Lambda::EventSourceMapping'),
    resource('CloudWatch::Alarm'),
    resource('CloudWatch::Alarm', {
      Metrics: [{ MetricStat: {} }, { MetricStat: {} }, { Expression: 'a+b' }],
    }),
    resource('CloudWatch::Dashboard'),
    resource('Events::Rule', { ScheduleExpression: 'rate(10 minutes)' }),
    resource('Events::Rule', { EventPattern: {} }),
  ]);
  expect(costs.secrets).toBeCloseTo(0.8);
  expect(costs['polling idle queues']).toBeCloseTo(900 * 730 * 0.4e-6);
  expect(costs.alarms).toBeCloseTo(0.3);
  expect(costs.dashboard).toBe(3);
  expect(costs['scheduled runs']).toBeCloseTo(4380 * (0.25 * 0.0000133334 + 0.2e-6));
});

test('an unsupported schedule is an error and not free of charge', () => {
  const rule = resource('Events::Rule', { ScheduleExpression: 'cron(0 0 * * ? *)' });
  expect(() => fixedCosts([rule])).toThrow('cron(0 0 * * ? *)');
});
