import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { readRequest } from '../../../functions/reconcile/reconcile-request.ts';
import { findResource, synthArchive } from './synth-archive.ts';

const archive = synthArchive();
const [functionId] = findResource(archive.resources, 'AWS::Lambda::Function', 'Reconciliation');

/** The events with which the schedules invoke the function, by schedule expression. */
function schedulesOf({ resources } = archive): Record<string, unknown> {
  const rules = Object.values(resources).filter(
    ({ Type, Properties }) =>
      Type === 'AWS::Events::Rule' && JSON.stringify(Properties.Targets).includes(functionId),
  );
  return Object.fromEntries(
    rules.map(({ Properties }) => {
      const [target] = Properties.Targets as unknown as { Input: string }[];
      return [Properties.ScheduleExpression, JSON.parse(target?.Input ?? '')];
    }),
  );
}

describe('reconciliation', () => {
  test('covers the last day every hour and the last week every day', () => {
    expect(schedulesOf()).toEqual({
      'rate(1 hour)': { schedule: 'recent', hours: 24 },
      'rate(1 day)': { schedule: 'wide', hours: 168 },
    });
    archive.template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 hour)',
      State: 'ENABLED',
      Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [functionId, 'Arn'] } })],
    });
  });

  test('runs as often and looks back as far as configured', () => {
    const reconciliation = {
      recent: { everyHours: 2, overHours: 36 },
      wide: { everyHours: 168, overHours: 744 },
    };
    expect(schedulesOf(synthArchive({ reconciliation }))).toEqual({
      'rate(2 hours)': { schedule: 'recent', hours: 36 },
      'rate(7 days)': { schedule: 'wide', hours: 744 },
    });
  });

  test('asks a PBX that cannot report its calls every few minutes, and no alarm expects its reports', () => {
    const pbxs = {
      modern: { baseUrl: 'https://203.0.113.10:8088' },
      old: { family: 'p-series', baseUrl: 'https://203.0.113.11:8088', discoverEveryMinutes: 5 },
      older: { family: 'p-series', baseUrl: 'https://203.0.113.12:8088', discoverEveryMinutes: 5 },
      quiet: { baseUrl: 'https://203.0.113.13:8088', discoverEveryMinutes: 60 },
    };
    const synthesized = synthArchive({ pbxs, reconciliation: { recent: { everyHours: 2 } } });
    const schedules = schedulesOf(synthesized);
    const request = { schedule: 'discovery', pbx: ['old', 'older'], hours: 1 };
    expect(readRequest(schedules['rate(5 minutes)'])).toEqual(request);
    expect(schedules).toEqual({
      'rate(5 minutes)': request,
      'rate(1 hour)': { schedule: 'discovery', pbx: ['quiet'], hours: 1 },
      'rate(2 hours)': { schedule: 'recent', hours: 24 },
      'rate(1 day)': { schedule: 'wide', hours: 168 },
    });
    const [, { Properties }] = findResource(
      synthesized.resources,
      'AWS::CloudWatch::Alarm',
      'OperationNoReports',
    );
    expect(Properties.AlarmDescription).toContain('One of: modern.');
  });

  test('sends only events that its function accepts, up to the longest configurable time', () => {
    const reconciliation = { wide: { everyHours: 24, overHours: 744 } };
    for (const event of Object.values(schedulesOf(synthArchive({ reconciliation })))) {
      expect(readRequest(event)).toEqual(event);
    }
  });
});
