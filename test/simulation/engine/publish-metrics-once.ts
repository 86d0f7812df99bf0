import { publishMetrics as publish } from '../../../functions/shared/telemetry/publish-metrics.ts';

let isPublishing = false;

/** The real one subscribes for its whole process: in Lambda that is one container, here it is all of them. */
export function publishMetrics(stackName: string): void {
  if (!isPublishing) publish(stackName);
  isPublishing = true;
}
