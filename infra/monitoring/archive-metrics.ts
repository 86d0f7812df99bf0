import type { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, SearchExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { type MetricName, NAMESPACE } from '../../functions/shared/telemetry/metrics.ts';

/** The metrics that the functions publish. */
export class ArchiveMetrics {
  private readonly stack: string;

  constructor(stackName: string) {
    this.stack = stackName;
  }

  forStack(name: MetricName, statistic: string, period: Duration): Metric {
    return this.metric(name, statistic, period, {});
  }

  forPbx(pbx: string, name: MetricName, statistic: string, period: Duration): Metric {
    return this.metric(name, statistic, period, { pbx });
  }

  /** A line for each PBX, or each code, that there is. Only a graph can show it: no alarm can search. */
  each(dimension: 'pbx' | 'code', name: MetricName, statistic: string, period: Duration): SearchExpression {
    const expression = this.search(dimension, name, statistic, period);
    return new SearchExpression({ expression, label: `\${PROP('Dim.${dimension}')}`, period });
  }

  /** One line for all PBXs together. */
  sum(name: MetricName, statistic: string, period: Duration): MathExpression {
    const expression = `SUM(${this.search('pbx', name, statistic, period)})`;
    return new MathExpression({ expression, label: name, period });
  }

  private metric(
    metricName: MetricName,
    statistic: string,
    period: Duration,
    dimensions: Record<string, string>,
  ): Metric {
    const dimensionsMap = { stack: this.stack, ...dimensions };
    return new Metric({ namespace: NAMESPACE, metricName, dimensionsMap, statistic, period });
  }

  private search(dimension: string, name: MetricName, statistic: string, period: Duration): string {
    const query = `{${NAMESPACE},stack,${dimension}} MetricName="${name}" stack="${this.stack}"`;
    return `SEARCH('${query}', '${statistic}', ${period.toSeconds()})`;
  }
}
