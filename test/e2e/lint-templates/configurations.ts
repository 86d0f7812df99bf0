import { type ArchiveConfig, readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { findRegionProblem } from '../../../infra/config/regions.ts';
import { largestSettings } from '../../infra/stack/largest-stack.ts';
import { officeOnly, synthArchive } from '../../infra/stack/synth-archive.ts';

/** A template, and the regions in which it may be deployed. */
export interface Configuration {
  name: string;
  template: object;
  regions: string[];
}

const place = { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d'] };
const newEndpoints = { ...place, endpoints: 'create', routeTableIds: ['rtb-0a1b2c3d'] };

/** Together they have every kind of resource and every property that the settings add. The largest is the first. */
const SETTINGS: Record<string, { settings: Record<string, unknown>; region?: string }> = {
  'fifty PBXs with everything': { settings: largestSettings },
  'the smallest': { settings: {} },
  'links by IAM, new endpoints in a VPC': {
    settings: { links: { authorization: { type: 'iam' } }, network: newEndpoints },
  },
  'links by JWT for web pages, plain HTTP, every retention setting': {
    settings: {
      links: {
        authorization: { type: 'jwt', issuer: 'https://login.example/', audience: ['recordings'] },
        allowedOrigins: ['https://crm.example'],
      },
      webhook: { plainHttp: true },
      bucket: {
        infrequentAccessAfterDays: 30,
        glacierInstantRetrievalAfterDays: 90,
        expireAfterDays: 3650,
        objectLock: { mode: 'governance', days: 3650 },
      },
      logRetentionDays: 365,
    },
  },
  'an existing bucket, KMS key, VPC and security group': {
    settings: {
      bucket: {
        existing: 'recordings-of-old',
        encryption: 'kms',
        kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-4000-8000-000000000000',
      },
      network: { ...place, endpoints: 'existing', securityGroupIds: ['sg-0a1b2c3d'] },
    },
  },
  // The names of endpoints depend on it.
  'new endpoints in China': { settings: { network: newEndpoints }, region: 'cn-north-1' },
};

/** The six templates. Each is for those of `allRegions` in which `npm run synth` does not refuse its settings. */
export const synthConfigurations = (allRegions: string[]): Configuration[] =>
  Object.entries(SETTINGS).map(([name, { settings, region }]) => ({
    name,
    template: synthArchive(settings, region).template.toJSON(),
    regions:
      region === undefined
        ? regionsFor(readArchiveConfig({ ...officeOnly, ...settings }), allRegions)
        : [region],
  }));

const regionsFor = (config: ArchiveConfig, allRegions: string[]) =>
  allRegions.filter((region) => findRegionProblem(config, region) === undefined);
