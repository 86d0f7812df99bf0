import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type ArchiveConfig, readArchiveConfig } from './config/archive-config.ts';
import { ArchiveStack } from './stack/archive-stack.ts';

const app = new App();
// Without account and region: the stack goes wherever the credentials of `npm run deploy` point.
new ArchiveStack(app, readConfig(), { description: 'Archives the call recordings of Yeastar PBXs' });
// A finding that is not accepted, with a reason, where it arises, fails the synth.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

function readConfig(): ArchiveConfig {
  try {
    return readArchiveConfig(app.node.tryGetContext('archive'));
  } catch (error) {
    // What is wrong, for whoever edits cdk.json; a stack trace would only bury it.
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
