import { randomBytes, randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Mutex } from '../mutex.ts';
import { notFound, SecretsManagerError } from './errors.ts';
import type { Secret, SecretFiles } from './secret-files.ts';
import { addVersion, dropOldest, MAX_VERSIONS, withCurrent } from './versions.ts';

const Token = v.pipe(
  v.optional(v.string(), () => randomUUID()),
  v.minLength(32, 'ClientRequestToken must be 32-64 characters long.'),
  v.maxLength(64, 'ClientRequestToken must be 32-64 characters long.'),
);
const Name = v.pipe(v.string(), v.regex(/^[\w/+=.@-]{1,512}$/, 'Invalid name.'));
const SecretString = v.pipe(v.string(), v.maxBytes(65_536, 'SecretString is too long.'));

const CreateSecret = v.object({ Name, SecretString: v.optional(SecretString), ClientRequestToken: Token });
const PutSecretValue = v.object({
  SecretId: v.string(),
  SecretString,
  ClientRequestToken: Token,
  VersionStages: v.optional(v.pipe(v.array(v.string()), v.minLength(1)), ['AWSCURRENT']),
});
const DescribeSecret = v.object({ SecretId: v.string() });
const GetSecretValue = v.object({
  SecretId: v.string(),
  VersionId: v.optional(v.string()),
  VersionStage: v.optional(v.string()),
});

/** What a request can do, by the value of its header `X-Amz-Target`. */
export type Operations = Readonly<Record<string, (input: unknown) => Promise<object>>>;

export function createOperations(
  files: SecretFiles,
  { oneAtATime, now }: { oneAtATime: Mutex; now: () => number },
): Operations {
  /** By name or ARN. */
  async function find(secretId: string): Promise<Secret> {
    const name = /^arn:aws:secretsmanager:[^:]+:[^:]+:secret:(.+)-.{6}$/.exec(secretId)?.[1] ?? secretId;
    const secret = await files.read(name);
    if (!secret || ![secret.name, secret.arn].includes(secretId)) {
      throw notFound("Secrets Manager can't find the specified secret.");
    }
    return secret;
  }

  return {
    'secretsmanager.CreateSecret': (input) => {
      const {
        Name: name,
        SecretString: secretString,
        ClientRequestToken: id,
      } = parseInput(CreateSecret, input);
      return oneAtATime(async () => {
        const existing = await files.read(name);
        if (
          existing &&
          !existing.versions.some((known) => known.id === id && known.secretString === secretString)
        ) {
          throw new SecretsManagerError(
            'ResourceExistsException',
            `The operation failed because the secret ${name} already exists.`,
          );
        }
        const secret = existing ?? {
          name,
          arn: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-${randomBytes(3).toString('hex')}`,
          createdMs: now(),
          versions:
            secretString === undefined
              ? []
              : [{ id, secretString, stages: ['AWSCURRENT'], createdMs: now() }],
        };
        if (!existing) await files.write(secret);
        return { ARN: secret.arn, Name: name, VersionId: id };
      });
    },

    'secretsmanager.PutSecretValue': (input) => {
      const request = parseInput(PutSecretValue, input);
      // Read, compare and write in one step: the token makes this call a compare-and-swap.
      return oneAtATime(async () => {
        const secret = await find(request.SecretId);
        const repeated = secret.versions.find(({ id }) => id === request.ClientRequestToken);
        if (repeated && repeated.secretString !== request.SecretString) {
          throw new SecretsManagerError(
            'ResourceExistsException',
            `You can't modify the version ${repeated.id}: it already has another value.`,
          );
        }
        const version = repeated ?? {
          id: request.ClientRequestToken,
          secretString: request.SecretString,
          stages: secret.versions.length === 0 ? withCurrent(request.VersionStages) : request.VersionStages,
          createdMs: now(),
        };
        if (!repeated) {
          const versions = dropOldest(addVersion(secret.versions, version), now());
          if (versions.length > MAX_VERSIONS) {
            throw new SecretsManagerError(
              'LimitExceededException',
              `You've reached the limit of ${MAX_VERSIONS} versions of a secret.`,
            );
          }
          await files.write({ ...secret, versions });
        }
        return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: version.stages };
      });
    },

    'secretsmanager.GetSecretValue': async (input) => {
      const { SecretId, VersionId, VersionStage } = parseInput(GetSecretValue, input);
      const secret = await find(SecretId);
      const stage = VersionStage ?? (VersionId === undefined ? 'AWSCURRENT' : undefined);
      const version = secret.versions.find(
        ({ id, stages }) =>
          (VersionId === undefined || id === VersionId) && (stage === undefined || stages.includes(stage)),
      );
      if (!version) {
        const criterion = stage === undefined ? `VersionId: ${VersionId}` : `staging label: ${stage}`;
        throw notFound(`Secrets Manager can't find the specified secret value for ${criterion}`);
      }
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        VersionStages: version.stages,
        SecretString: version.secretString,
        CreatedDate: version.createdMs / 1000,
      };
    },

    'secretsmanager.DescribeSecret': async (input) => {
      const secret = await find(parseInput(DescribeSecret, input).SecretId);
      const staged = secret.versions.filter(({ stages }) => stages.length > 0);
      return {
        ARN: secret.arn,
        Name: secret.name,
        CreatedDate: secret.createdMs / 1000,
        VersionIdsToStages: Object.fromEntries(staged.map(({ id, stages }) => [id, stages])),
      };
    },
  };
}

export function parseInput<T extends v.GenericSchema>(schema: T, input: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  // Never the value: it may be the secret.
  const field = v.getDotPath(issue) ?? 'the request';
  throw new SecretsManagerError(
    'InvalidParameterException',
    issue.kind === 'schema' ? `Invalid or missing parameter: ${field}` : issue.message,
  );
}
