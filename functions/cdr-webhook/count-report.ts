import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Receipt } from './receive-report.ts';

const metrics = new Metrics({ namespace: 'PbxRecordingArchive', serviceName: 'cdr-webhook' });

/** Counts reports by PBX and by what became of them. */
export function countReport(pbxId: string, receipt: Receipt): void {
  // A stranger's request names no PBX of ours.
  if (receipt !== 'refused') metrics.addDimension('pbx', pbxId);
  metrics.addDimension('receipt', receipt);
  metrics.addMetric('Reports', MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
}
