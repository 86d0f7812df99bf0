import {
  GetSecretValueCommand,
  LimitExceededException,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import { ArchiveError } from '../errors.ts';

export interface SecretVersion {
  /** Secrets Manager's id of this version; `none` if the secret has no value yet. */
  versionId: string;
  value: string;
}

export interface Secrets {
  read(name: string): Promise<SecretVersion>;
  /**
   * Makes `value` the current version and gives it the id `versionId` (32 to 64 characters). Returns false if a version
   * with that id and another value already exists. Rejects with `secret-versions-exhausted` if the secret has no room
   * for another version: Secrets Manager keeps a hundred, and deletes none within a day.
   */
  write(name: string, value: string, versionId: string): Promise<boolean>;
}

export function createSecrets(client: SecretsManagerClient): Secrets {
  return {
    async read(name) {
      try {
        const { VersionId = 'none', SecretString = '' } = await client.send(
          new GetSecretValueCommand({ SecretId: name }),
        );
        return { versionId: VersionId, value: SecretString };
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return { versionId: 'none', value: '' };
        throw redactResponse(error);
      }
    },
    async write(name, value, versionId) {
      try {
        await client.send(
          new PutSecretValueCommand({ SecretId: name, SecretString: value, ClientRequestToken: versionId }),
        );
        return true;
      } catch (error) {
        if (error instanceof ResourceExistsException) return false;
        if (error instanceof LimitExceededException) throw versionsExhausted(name, error);
        throw error;
      }
    },
  };
}

const versionsExhausted = (name: string, cause: LimitExceededException) =>
  new ArchiveError(
    'secret-versions-exhausted',
    `The secret ${name} has had too many new values within a day, so Secrets Manager takes no more. Find out why the ` +
      'session is replaced so often.',
    { cause },
  );

/** The SDK's JSON parser and Node's HTTP parser quote what they could not parse, which may be a secret. */
function redactResponse(error: unknown): unknown {
  if (error instanceof SecretsManagerServiceException || !(error instanceof Error)) return error;
  const { code = error.name } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(`No usable response from Secrets Manager (${code}).`), { name: code });
}
