import { describe, expect, test } from 'vitest';
import { METRICS, NAMESPACE } from '../../../functions/shared/telemetry/metric-definitions.ts';
import { findResource, flatten, type Synthesized, synthArchive } from '../stack/synth-archive.ts';

interface Widget {
  type: string;
  properties: { title: string; alarms?: string[]; metrics?: (string | Record<string, unknown>)[][] };
}

function widgetsOf({ resources }: Synthesized): Widget[] {
  const [, { Properties }] = findResource(resources, 'AWS::CloudWatch::Dashboard');
  return JSON.parse(flatten(Properties.DashboardBody)).widgets;
}

const archive = synthArchive();
const widgets = widgetsOf(archive);
const rows = widgets.flatMap(({ properties }) => properties.metrics ?? []);

/** The search expressions of the dashboard. */
const searches = rows.flatMap(([first]) =>
  typeof first === 'object' ? [String(first.expression).replace(/^SUM\((.*)\)$/, '$1')] : [],
);

describe('the dashboard', () => {
  test('has the name of the stack, and starts with the alarms and the metrics that must be 0', () => {
    const [, { Properties }] = findResource(archive.resources, 'AWS::CloudWatch::Dashboard');
    // The dashboards of all regions of an account share one namespace.
    expect(flatten(Properties.DashboardName)).toMatch(/^PbxRecordingArchive-.*AWS::Region/);
    const [alarms, zeros] = widgets;
    expect(alarms?.type).toBe('alarm');
    expect(alarms?.properties.alarms).toHaveLength(10);
    expect(zeros?.properties.title).toBe('Must be 0');
    expect(zeros?.properties.metrics?.map((row) => row[1])).toEqual([
      'Lost',
      'ApproximateNumberOfMessagesVisible',
      'ApproximateNumberOfMessagesVisible',
      'LoginHeld',
      'UnreadableRows',
      'FailedReconciliations',
      'FailedWideReconciliations',
    ]);
  });

  test('shows every metric that the functions publish', () => {
    const graphed = rows.flatMap(([namespace, name]) => (namespace === NAMESPACE ? [name] : []));
    const searched = searches.map((search) => /MetricName="(\w+)"/.exec(search)?.[1]);
    expect([...new Set([...graphed, ...searched])].sort()).toEqual(Object.keys(METRICS).sort());
  });

  test('searches only for series of this stack, by dimensions that are published', () => {
    const form =
      /^SEARCH\('\{(\w+),stack,(\w+)\} MetricName="(\w+)" stack="PbxRecordingArchive"', '\w+', \d+\)$/;
    expect(searches.length).toBeGreaterThan(8);
    for (const search of searches) {
      const [, namespace, dimension, name] = form.exec(search) ?? [];
      expect(namespace).toBe(NAMESPACE);
      expect(METRICS).toHaveProperty(`${name}.by`, expect.arrayContaining([dimension]));
    }
  });

  test('shows no series of the whole stack that is not published', () => {
    const ours = rows.filter(([first]) => first === NAMESPACE);
    expect(ours.length).toBeGreaterThan(4);
    for (const [, name, dimension, value, more] of ours) {
      expect([dimension, value]).toEqual(['stack', 'PbxRecordingArchive']);
      expect(more).toBeTypeOf('object');
      expect(METRICS).toHaveProperty(`${name}.by`, expect.arrayContaining(['stack']));
    }
  });
});
