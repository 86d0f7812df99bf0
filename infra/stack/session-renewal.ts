import { Duration, type Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { ILayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { InferInput } from 'valibot';
import type { envSchema } from '../../functions/pbx-session/env.ts';
import {
  SESSION_PERIOD_MINUTES,
  SESSION_REQUEST_MAX_RECEIVES,
  visibilitySecondsFor,
} from '../../functions/shared/config/limits.ts';
import { ArchiveFunction } from './archive-function.ts';
import { EncryptedQueue } from './encrypted-queue.ts';
import type { PbxNetwork } from './pbx-network.ts';

type Environment = InferInput<typeof envSchema>;

interface SessionRenewalProps {
  readonly environment: Environment;
  readonly deadLetterQueue: EncryptedQueue;
  readonly layers: ILayerVersion[];
  readonly network: PbxNetwork | undefined;
  readonly logRetention: RetentionDays;
}

/**
 * The function that keeps the sessions alive. It runs on a schedule, and on a request in the queue when a PBX reports
 * that it has restarted. No construct: that would change the ids of what is deployed.
 */
export function addSessionRenewal(stack: Stack, { deadLetterQueue, ...props }: SessionRenewalProps) {
  const pbxSession = new ArchiveFunction<Environment>(stack, 'PbxSession', {
    feature: 'pbx-session',
    description: 'Keeps the session with each PBX alive, so that the PBX sends reports',
    ...props,
  });
  const sessionQueue = new EncryptedQueue(stack, 'SessionRequests', {
    visibilityTimeout: Duration.seconds(visibilitySecondsFor('pbx-session')),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: SESSION_REQUEST_MAX_RECEIVES },
  });
  // After a power cut, all PBXs restart. A new account can run only ten functions at once, the webhook included.
  sessionQueue.deliverTo(pbxSession, { maxConcurrency: 5 });
  // Not EventBridge Scheduler, which would need a role of its own to do the same.
  new Rule(stack, 'SessionSchedule', {
    description: 'Keeps the PBX sessions alive',
    schedule: Schedule.rate(Duration.minutes(SESSION_PERIOD_MINUTES)),
    targets: [new LambdaFunction(pbxSession.handler)],
  });
  return { pbxSession, sessionQueue };
}
