import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type ArchiveConfig, readArchiveConfig } from './config/archive-config.ts';
import { ArchiveStack } from './stack/archive-stack.ts';

const app = new App();
// No account or region: the credentials of `npm run deploy` decide where the stack goes.
new ArchiveStack(app, readConfig(), { description: 'Archives the call recordings of Yeastar PBXs' });
// A cdk-nag finding fails the synth, unless the construct concerned accepts it with a reason.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

function readConfig(): ArchiveConfig {
  try {
    return readArchiveConfig(app.node.tryGetContext('archive'));
  } catch (error) {
    // The message lists what is wrong in cdk.json. A stack trace would bury it.
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
