import type { DeployedStack } from '../deployment.ts';
import { ok, type Result, toDo } from './finding.ts';

/** The outputs of every ArchiveStack. The others depend on its settings. */
export const EXPECTED_OUTPUTS = [
  'LinkApiUrl',
  'SearchApiUrl',
  'WebhookHost',
  'RecordingsBucket',
  'IndexTable',
  'AccessTable',
  'DeadLetterQueueUrl',
  'IndexQueueUrl',
  'IndexDeadLetterQueueUrl',
  'PbxSessionFunction',
  'ReconcileFunction',
  'AlarmTopicArn',
  'CredentialsSecret',
  'CdrWebhookLogs',
  'ArchiveRecordingLogs',
  'PbxSessionLogs',
  'ReconcileLogs',
  'IndexRecordingLogs',
  'RecordingLinkLogs',
  'ArchiveApiLogs',
];

/** Whether the last deployment succeeded, and is of this version. */
export function checkStack({ status, outputs }: DeployedStack): Result {
  if (status.endsWith('_IN_PROGRESS')) {
    return toDo(`CloudFormation is still at work (${status}). Run this command again when it has finished.`);
  }
  if (!/^(?:CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) {
    return toDo(`The last deployment failed (${status}). Run npm run deploy, and correct what it reports.`);
  }
  const missing = EXPECTED_OUTPUTS.filter((name) => !Object.hasOwn(outputs, name));
  return missing.length === 0
    ? ok(`${status}, all outputs are there`)
    : toDo(`Another version was deployed: it has no output ${missing.join(', ')}. Run npm run deploy.`);
}
