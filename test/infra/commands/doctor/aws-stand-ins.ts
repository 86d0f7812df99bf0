import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** Starts an HTTP server on this machine, until the test ends. Returns its URL. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export interface Invocation {
  functionName: string;
  payload: unknown;
}

export interface InvocationResponse {
  status?: number;
  body: unknown;
  /** `X-Amz-Function-Error`: the function itself has failed. */
  functionError?: string;
  /** `X-Amzn-ErrorType`: Lambda has refused the request. */
  refusal?: string;
}

/** Lambda, as far as `Invoke` (AWS Lambda API reference). */
export const startLambda = (respond: (invocation: Invocation) => InvocationResponse): Promise<string> =>
  serve(async (request, response) => {
    const [, name = ''] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '') ?? [];
    const payload: unknown = JSON.parse(await text(request));
    const { status = 200, body, functionError, refusal } = respond({ functionName: name, payload });
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(functionError !== undefined && { 'x-amz-function-error': functionError }),
      ...(refusal !== undefined && { 'x-amzn-errortype': refusal }),
    });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });

export interface StandInAlarm {
  AlarmName: string;
  AlarmDescription: string;
  StateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  ActionsEnabled: boolean;
}

interface MetricQuery {
  Id: string;
  MetricStat: {
    Metric: { Namespace: string; MetricName: string; Dimensions: { Name: string; Value: string }[] };
    Period: number;
  };
}

const inLastHours = (endTime: number) => (value: number, hour: number) => ({
  at: endTime - (hour + 1) * 3600,
  value,
});

/**
 * CloudWatch, as far as `DescribeAlarms` and `GetMetricData` (CloudWatch API reference), with a single alarm or data
 * point on each page.
 */
export function startCloudWatch({
  alarms = [],
  reports = {},
  found = {},
  queued = {},
  rejected = {},
  statusCode = 'Complete',
}: {
  alarms?: StandInAlarm[];
  /** Epoch seconds of the data points of `Reports`, by `STACK/PBX`. */
  reports?: Record<string, number[]>;
  /** How many recordings reconciliation has found in each of the last hours (`Found`), by `STACK/PBX`. */
  found?: Record<string, number[]>;
  /** The same of those that it has queued, because they were not in the archive (`Queued`). */
  queued?: Record<string, number[]>;
  /** Epoch seconds of reports that were rejected (`Failures` of that code), by `STACK`. */
  rejected?: Record<string, number[]>;
  /** Status of the metric data. */
  statusCode?: 'Complete' | 'InternalError' | 'Forbidden';
}): Promise<string> {
  const operations: Record<string, (input: never) => object> = {
    DescribeAlarms: ({ AlarmNamePrefix = '', NextToken = '0' }: Record<string, string>) => {
      const matching = alarms.filter(({ AlarmName }) => AlarmName.startsWith(AlarmNamePrefix));
      const next = Number(NextToken) + 1;
      return {
        MetricAlarms: matching.slice(next - 1, next),
        CompositeAlarms: [],
        ...(next < matching.length && { NextToken: String(next) }),
      };
    },
    GetMetricData: (input: {
      MetricDataQueries: MetricQuery[];
      StartTime: number;
      EndTime: number;
      NextToken?: string;
    }) => {
      const page = Number(input.NextToken ?? 0);
      const results = input.MetricDataQueries.map(({ Id, MetricStat: { Metric, Period } }) => {
        const {
          stack = '',
          pbx,
          code,
        } = Object.fromEntries(Metric.Dimensions.map(({ Name, Value }) => [Name, Value]));
        const series = `${stack}/${pbx}`;
        const metrics: Record<string, { at: number; value: number }[]> = {
          Failures: (code === 'report-rejected' ? (rejected[stack] ?? []) : []).map((at) => ({
            at,
            value: 2,
          })),
          Reports: (reports[series] ?? []).map((at) => ({ at, value: 1 })),
          Found: (found[series] ?? []).map(inLastHours(input.EndTime)),
          Queued: (queued[series] ?? []).map(inLastHours(input.EndTime)),
        };
        const isOurs = Metric.Namespace === 'PbxRecordingArchive';
        const points = (isOurs ? (metrics[Metric.MetricName] ?? []) : [])
          .filter(({ at }) => at >= input.StartTime && at < input.EndTime)
          .map(({ at, value }) => ({ at: Math.floor(at / Period) * Period, value }));
        return { Id, Label: Metric.MetricName, all: points, shown: points.slice(page, page + 1) };
      });
      return {
        MetricDataResults: results.map(({ Id, Label, shown }) => ({
          Id,
          Label,
          Timestamps: shown.map(({ at }) => at),
          Values: shown.map(({ value }) => value),
          StatusCode: statusCode,
        })),
        ...(results.some(({ all }) => all.length > page + 1) && { NextToken: String(page + 1) }),
      };
    },
  };
  return serve(async (request, response) => {
    const [, name = ''] = String(request.headers['x-amz-target']).split('.');
    const input = JSON.parse(await text(request));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(operations[name]?.(input as never)));
  });
}

/** SNS, as far as `GetTopicAttributes` (Amazon SNS API reference). */
export const startSns = ({ confirmed = 1, pending = 0 } = {}): Promise<string> =>
  serve((request, response) => {
    request.resume();
    const entries = Object.entries({ SubscriptionsConfirmed: confirmed, SubscriptionsPending: pending })
      .map(([key, value]) => `<entry><key>${key}</key><value>${value}</value></entry>`)
      .join('');
    const result = `<GetTopicAttributesResult><Attributes>${entries}</Attributes></GetTopicAttributesResult>`;
    response.writeHead(200, { 'content-type': 'text/xml' });
    response.end(
      `<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${result}</GetTopicAttributesResponse>`,
    );
  });

/** Any service of AWS's JSON protocols, as far as it refuses everything. */
export const startRefusing = (status: number, type: string, message: string): Promise<string> =>
  serve((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type });
    response.end(JSON.stringify({ __type: type, message }));
  });
