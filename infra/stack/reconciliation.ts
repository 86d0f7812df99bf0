import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { ILayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { InferInput } from 'valibot';
import type { envSchema } from '../../functions/reconcile/env.ts';
import { DISCOVERY_MINUTES } from '../../functions/shared/config/limits.ts';
import type { ArchiveConfig } from '../config/archive-config.ts';
import { ArchiveFunction } from './archive-function.ts';
import type { PbxNetwork } from './pbx-network.ts';
import type { RecordingBucket } from './recording-bucket.ts';

type Environment = InferInput<typeof envSchema>;

interface ReconciliationProps {
  readonly schedules: ArchiveConfig['reconciliation'];
  readonly pbxs: ArchiveConfig['pbxs'];
  readonly environment: Environment;
  readonly recordings: RecordingBucket;
  readonly layers: ILayerVersion[];
  readonly network: PbxNetwork | undefined;
  readonly logRetention: RetentionDays;
}

/** The function that finds recordings that the webhook missed, and its schedules. Overlapping runs do no harm. */
export class Reconciliation extends Construct {
  readonly reconciler: ArchiveFunction<Environment>;

  constructor(scope: Construct, id: string, { schedules, pbxs, recordings, ...props }: ReconciliationProps) {
    super(scope, id);
    this.reconciler = new ArchiveFunction<Environment>(this, 'Reconciler', {
      feature: 'reconcile',
      description: 'Queues a job for each recording that is in a call log but not in the bucket',
      ...props,
    });
    recordings.grantReconcile(this.reconciler.role);
    this.addSchedule('Recent', 'recent', schedules.recent);
    this.addSchedule('Wide', 'wide', schedules.wide);
    for (const everyMinutes of DISCOVERY_MINUTES) {
      const ids = Object.keys(pbxs).filter((id) => pbxs[id]?.discoverEveryMinutes === everyMinutes);
      if (ids.length > 0) this.addDiscovery(ids, everyMinutes);
    }
  }

  /** For PBXs that cannot report their calls. An hour covers a few runs that failed. */
  private addDiscovery(pbxIds: string[], everyMinutes: number): void {
    new Rule(this, `DiscoverEvery${everyMinutes}`, {
      description: 'Asks PBXs that cannot report their calls for new recordings',
      schedule: Schedule.rate(Duration.minutes(everyMinutes)),
      targets: [
        new LambdaFunction(this.reconciler.handler, {
          event: RuleTargetInput.fromObject({ schedule: 'discovery', pbx: pbxIds, hours: 1 }),
        }),
      ],
    });
  }

  private addSchedule(
    id: string,
    schedule: 'recent' | 'wide',
    { everyHours, overHours }: { everyHours: number; overHours: number },
  ): void {
    new Rule(this, id, {
      description: `Compares the last ${overHours} hours of the call logs with the bucket`,
      schedule: Schedule.rate(Duration.hours(everyHours)),
      targets: [
        new LambdaFunction(this.reconciler.handler, {
          event: RuleTargetInput.fromObject({ schedule, hours: overHours }),
        }),
      ],
    });
  }
}
