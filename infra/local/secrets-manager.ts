import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { renameDurably, writeNewFile } from './durable-file.ts';
import { requireSignatures } from './json-service.ts';
import { createMutex } from './mutex.ts';
import { createProblems, type Problems, StateError, toStateError } from './problems.ts';
import type { Access } from './s3/signature.ts';

export interface SecretsManagerOptions extends Access {
  /** Holds one JSON file per secret, readable by its owner only. */
  readonly directory: string;
  readonly problems?: Problems;
  /** The time by which versions age, which is that of signatures by default. */
  readonly versionNow?: () => number;
}

const HOST = '127.0.0.1';

/** Secrets Manager keeps a hundred versions, and deletes none that is younger than a day (AWS's quotas). */
const MAX_VERSIONS = 100;
const DELETED_AFTER_MS = 24 * 60 * 60 * 1000;

const Secret = v.object({
  name: v.string(),
  arn: v.string(),
  createdMs: v.number(),
  /** Oldest first. */
  versions: v.array(
    v.object({
      id: v.string(),
      secretString: v.string(),
      stages: v.array(v.string()),
      createdMs: v.number(),
    }),
  ),
});
type Secret = v.InferOutput<typeof Secret>;
type Version = Secret['versions'][number];

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

class SecretsManagerError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** Starts a Secrets Manager for one machine, or for a test. It speaks AWS's JSON 1.1 protocol. */
export async function startSecretsManager(
  options: SecretsManagerOptions,
): Promise<{ url: string; close(): Promise<void> }> {
  const { directory, now = Date.now, versionNow = now, problems = createProblems(directory) } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A crash may have left half-written files.
  for (const file of await readdir(directory)) {
    if (file.endsWith('.new')) await rm(join(directory, file));
  }
  const oneAtATime = createMutex();
  // Damage is found at the start, when a person looks.
  for (const file of await readdir(directory))
    if (file.endsWith('.json')) await readSecret(join(directory, file));

  const operations: Record<string, (input: unknown) => Promise<object>> = {
    'secretsmanager.CreateSecret': (input) => {
      const { Name: name, SecretString: secretString, ClientRequestToken: id } = parse(CreateSecret, input);
      return oneAtATime(async () => {
        const existing = await read(name);
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
          createdMs: versionNow(),
          versions:
            secretString === undefined
              ? []
              : [{ id, secretString, stages: ['AWSCURRENT'], createdMs: versionNow() }],
        };
        if (!existing) await write(secret);
        return { ARN: secret.arn, Name: name, VersionId: id };
      });
    },

    'secretsmanager.PutSecretValue': (input) => {
      const request = parse(PutSecretValue, input);
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
          createdMs: versionNow(),
        };
        if (!repeated) {
          const versions = dropOldest(addVersion(secret.versions, version), versionNow());
          if (versions.length > MAX_VERSIONS) {
            throw new SecretsManagerError(
              'LimitExceededException',
              `You've reached the limit of ${MAX_VERSIONS} versions of a secret.`,
            );
          }
          await write({ ...secret, versions });
        }
        return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: version.stages };
      });
    },

    'secretsmanager.GetSecretValue': async (input) => {
      const { SecretId, VersionId, VersionStage } = parse(GetSecretValue, input);
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
      const secret = await find(parse(DescribeSecret, input).SecretId);
      const staged = secret.versions.filter(({ stages }) => stages.length > 0);
      return {
        ARN: secret.arn,
        Name: secret.name,
        CreatedDate: secret.createdMs / 1000,
        VersionIdsToStages: Object.fromEntries(staged.map(({ id, stages }) => [id, stages])),
      };
    },
  };

  /** By name or ARN. */
  async function find(secretId: string): Promise<Secret> {
    const name = /^arn:aws:secretsmanager:[^:]+:[^:]+:secret:(.+)-.{6}$/.exec(secretId)?.[1] ?? secretId;
    const secret = await read(name);
    if (!secret || ![secret.name, secret.arn].includes(secretId)) {
      throw notFound("Secrets Manager can't find the specified secret.");
    }
    return secret;
  }

  async function read(name: string): Promise<Secret | undefined> {
    try {
      return await readSecret(secretPath(name));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async function write(secret: Secret): Promise<void> {
    const temporaryPath = join(directory, `${randomUUID()}.new`);
    await writeNewFile(temporaryPath, JSON.stringify(secret, null, 2));
    await renameDurably(temporaryPath, secretPath(secret.name));
  }

  /** The hash distinguishes names that are cut off here, or that a file system treats as the same. */
  function secretPath(name: string): string {
    const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
    return join(directory, `${encodeURIComponent(name).slice(0, 150)}-${hash}.json`);
  }

  async function handleRequest(message: IncomingMessage): Promise<{ status: number; body: object }> {
    try {
      const target = String(message.headers['x-amz-target']);
      const document = await text(message);
      const operation = Object.hasOwn(operations, target) ? operations[target] : undefined;
      if (!operation)
        throw new SecretsManagerError('UnknownOperationException', `Unknown operation: ${target}`);
      return { status: 200, body: await operation(parse(v.pipe(v.string(), v.parseJson()), document)) };
    } catch (error) {
      if (error instanceof SecretsManagerError) {
        return { status: 400, body: { __type: error.type, Message: error.message, message: error.message } };
      }
      const problem = problems.explain(error);
      if (problem) {
        return { status: problem.statusCode, body: { __type: problem.code, message: problem.message } };
      }
      if (!message.destroyed) console.error('Embedded Secrets Manager:', error);
      const reason = 'An error occurred on the server side.';
      return { status: 500, body: { __type: 'InternalServiceError', Message: reason, message: reason } };
    }
  }

  const server = createServer(async (message, response) => {
    const { status, body } = await handleRequest(message);
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': randomUUID(),
    });
    response.end(JSON.stringify(body));
  });
  requireSignatures(server, 'secretsmanager', options);
  server.listen(0, HOST);
  await once(server, 'listening');

  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      // Let a write that is in progress finish.
      await oneAtATime(async () => undefined);
    },
  };
}

async function readSecret(path: string): Promise<Secret> {
  const json = await readFile(path, 'utf8').catch((error) => {
    throw toStateError(error, path) ?? error;
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Secret), json);
  if (parsed.success) return parsed.output;
  throw new StateError(
    'StateDamaged',
    `${path} is damaged: it does not contain a secret. Restore it from a backup, or delete it and start again: passwords are then asked for again, tokens are new, and there is a new session.`,
  );
}

function parse<T extends v.GenericSchema>(schema: T, input: unknown): v.InferOutput<T> {
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

function notFound(message: string): SecretsManagerError {
  return new SecretsManagerError('ResourceNotFoundException', message);
}

/** The first version of a secret is its current one, whichever stages were requested. */
function withCurrent(stages: readonly string[]): string[] {
  return [...new Set(['AWSCURRENT', ...stages])];
}

/** A staging label is on one version only. The version that loses AWSCURRENT gets AWSPREVIOUS. */
function addVersion(versions: readonly Version[], added: Version): Version[] {
  const replacesCurrent = added.stages.includes('AWSCURRENT');
  const moved = replacesCurrent ? [...added.stages, 'AWSPREVIOUS'] : added.stages;
  const others = versions.map((version) => {
    const kept = version.stages.filter((stage) => !moved.includes(stage));
    const becomesPrevious = replacesCurrent && version.stages.includes('AWSCURRENT');
    return { ...version, stages: becomesPrevious ? [...kept, 'AWSPREVIOUS'] : kept };
  });
  return [...others, added];
}

function dropOldest(versions: Version[], now: number): Version[] {
  const surplus = versions.length - MAX_VERSIONS;
  const dropped = versions
    .filter(({ stages, createdMs }) => stages.length === 0 && now - createdMs >= DELETED_AFTER_MS)
    .slice(0, Math.max(surplus, 0));
  return versions.filter((version) => !dropped.includes(version));
}
