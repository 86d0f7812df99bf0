import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type ArchiveConfig, readArchiveConfig } from './config/archive-config.ts';
import { findExamplePbx } from './config/example-pbx.ts';
import { findRegionProblem } from './config/regions.ts';
import { summarize } from './config/summary.ts';
import { ArchiveStack } from './stack/archive-stack.ts';

const app = new App();
// Set by the CDK's command line: the region of AWS_REGION or the profile. The names of VPC endpoints depend on it.
const region = process.env.CDK_DEFAULT_REGION;
const config = readConfig();
// No account: the credentials of `npm run deploy` decide where the stack goes.
new ArchiveStack(app, config, {
  description: 'Archives the call recordings of Yeastar PBXs',
  ...(region && { env: { region } }),
});
// A cdk-nag finding fails the synth, unless the construct concerned accepts it with a reason.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
// Standard output is for the template.
console.error(summarize(config, region));

function readConfig(): ArchiveConfig {
  try {
    const config = readArchiveConfig(app.node.tryGetContext('archive'));
    const problem =
      // `npm test` accepts the example, because it also has to pass in a new clone.
      (app.node.tryGetContext('acceptExample') ? undefined : findExamplePbx(config)) ??
      (region && findRegionProblem(config, region));
    if (problem) throw new Error(problem);
    return config;
  } catch (error) {
    // The message says what is wrong in cdk.json. A stack trace would bury it.
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
