import type { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, SearchExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { type MetricName, NAMESPACE } from '../../functions/shared/telemetry/metric-definitions.ts';

/** The metrics that the functions publish. */
export class ArchiveMetrics {
  private readonly stack: string;

  constructor(stackName: string) {
    this.stack = stackName;
  }

  forStack(name: MetricName, statistic: string, period: Duration): Metric {
    return this.createMetric(name, statistic, period, {});
  }

  forPbx(pbx: string, name: MetricName, statistic: string, period: Duration): Metric {
    return this.createMetric(name, statistic, period, { pbx });
  }

  /** One line per PBX, or per code. Only for graphs: an alarm cannot use a search expression. */
  splitBy(
    dimension: 'pbx' | 'code',
    name: MetricName,
    statistic: string,
    period: Duration,
  ): SearchExpression {
    const expression = this.searchExpression(dimension, name, statistic, period);
    return new SearchExpression({ expression, label: `\${PROP('Dim.${dimension}')}`, period });
  }

  /** One line: the sum over all PBXs. */
  sumOverPbxs(name: MetricName, statistic: string, period: Duration): MathExpression {
    const expression = `SUM(${this.searchExpression('pbx', name, statistic, period)})`;
    return new MathExpression({ expression, label: name, period });
  }

  private createMetric(
    metricName: MetricName,
    statistic: string,
    period: Duration,
    dimensions: Record<string, string>,
  ): Metric {
    const dimensionsMap = { stack: this.stack, ...dimensions };
    return new Metric({ namespace: NAMESPACE, metricName, dimensionsMap, statistic, period });
  }

  private searchExpression(dimension: string, name: MetricName, statistic: string, period: Duration): string {
    const query = `{${NAMESPACE},stack,${dimension}} MetricName="${name}" stack="${this.stack}"`;
    return `SEARCH('${query}', '${statistic}', ${period.toSeconds()})`;
  }
}
