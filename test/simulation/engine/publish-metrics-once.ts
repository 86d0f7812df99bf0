import { publishMetrics as publish } from '../../../functions/shared/telemetry/publish-metrics.ts';

let isPublishing = false;

/** It listens to its whole process, which is a container's own in Lambda and that of all containers here. */
export function publishMetrics(stackName: string): void {
  if (!isPublishing) publish(stackName);
  isPublishing = true;
}
