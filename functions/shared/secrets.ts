import { AwsError, type AwsSettings, settingsFromEnvironment } from './aws/aws-service.ts';
import { createJsonService } from './aws/json-service.ts';

export interface SecretVersion {
  /** AWS's id of this version; `none` for a secret that has no value yet. */
  versionId: string;
  value: string;
}

export interface Secrets {
  read(name: string): Promise<SecretVersion>;
  /**
   * Makes `value` the current version. `versionId` becomes its id: 32 to 64 characters, chosen by the
   * caller. Returns false if a version of that id, with another value, is there already.
   */
  write(name: string, value: string, versionId: string): Promise<boolean>;
}

export function createSecrets(settings: AwsSettings = settingsFromEnvironment('SECRETS_MANAGER')): Secrets {
  const call = createJsonService(
    { name: 'secretsmanager', version: '1.1', target: 'secretsmanager' },
    settings,
  );
  return {
    async read(name) {
      try {
        const { VersionId = 'none', SecretString = '' } = await call('GetSecretValue', { SecretId: name });
        return { versionId: String(VersionId), value: String(SecretString) };
      } catch (error) {
        if (isNamed(error, 'ResourceNotFoundException')) return { versionId: 'none', value: '' };
        throw error;
      }
    },
    async write(name, value, versionId) {
      try {
        await call('PutSecretValue', { SecretId: name, SecretString: value, ClientRequestToken: versionId });
        return true;
      } catch (error) {
        if (isNamed(error, 'ResourceExistsException')) return false;
        throw error;
      }
    },
  };
}

const isNamed = (error: unknown, code: string) => error instanceof AwsError && error.name === code;
