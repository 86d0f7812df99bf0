import { Metrics } from '@aws-lambda-powertools/metrics';
import { type LogLine, metricsChannel } from './log.ts';
import { METRICS, NAMESPACE } from './metric-definitions.ts';
import { metricsFor } from './metrics.ts';

/** Starts printing the metrics of all outcomes that this process logs, in CloudWatch's embedded metric format. */
export function publishMetrics(stackName: string): void {
  const metrics = new Metrics({ namespace: NAMESPACE });
  // Powertools' default dimension, `service`, would be part of every series.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ stack: stackName });
  metricsChannel.subscribe((line) => {
    for (const { dimensions, values } of metricsFor(line as LogLine)) {
      for (const set of dimensions) metrics.addDimensions(set);
      for (const { name, value } of values) metrics.addMetric(name, METRICS[name].unit, value);
      metrics.publishStoredMetrics();
    }
  });
}
