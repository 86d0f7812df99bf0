import type { World } from '../world.ts';
import type { Invocation } from './invocation.ts';
import { jsonFailure, readJson } from './json-protocol.ts';
import type { AwsFault, AwsRequest, AwsResponse, AwsService } from './transport.ts';

interface Version {
  id: string;
  value: string;
  createdAt: number;
}

/** Secrets Manager keeps a hundred versions, and deletes none that is younger than a day (AWS's quotas). */
const MAX_VERSIONS = 100;
const DELETED_AFTER_MS = 24 * 3_600_000;

/** Secrets by name. `ClientRequestToken` makes a write conditional (PutSecretValue, AWS API reference). */
export class SecretsManager implements AwsService {
  readonly name = 'secrets';
  readonly #versions = new Map<string, Version[]>();
  readonly #world: World;
  #written = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Changes a secret, as a person does in the console. */
  set(name: string, value: string): void {
    this.#written += 1;
    this.#add(name, `console-version-${String(this.#written).padStart(20, '0')}`, value);
  }

  get(name: string): string {
    return this.#versions.get(name)?.at(-1)?.value ?? '';
  }

  describe(request: AwsRequest): string {
    const { operation, input } = readJson(request);
    return `${operation} ${input.SecretId}`;
  }

  faults(): ReturnType<AwsService['faults']> {
    return [
      ['secrets-500', 'error'],
      ['secrets-throttled', 'throttled'],
      ['secrets-slow', 'slow'],
      ['secrets-response-lost', 'response-lost'],
    ];
  }

  permissions(request: AwsRequest): ReturnType<AwsService['permissions']> {
    const { operation, input } = readJson(request);
    return [{ action: `secretsmanager:${operation}`, resource: String(input.SecretId) }];
  }

  responseFor(fault: AwsFault | 'denied'): AwsResponse {
    if (fault === 'denied') return jsonFailure(400, 'AccessDeniedException');
    return fault === 'throttled'
      ? jsonFailure(400, 'ThrottlingException')
      : jsonFailure(500, 'InternalServiceError');
  }

  handle(request: AwsRequest, invocation: Invocation): AwsResponse {
    const { operation, input } = readJson(request);
    const name = String(input.SecretId);
    const versions = this.#versions.get(name);
    if (versions === undefined) return jsonFailure(400, 'ResourceNotFoundException');
    if (operation === 'GetSecretValue') {
      const current = versions.at(-1) as Version;
      this.#world.checks.logins.onSecretRead(invocation, name, current.value);
      return succeed({ Name: name, VersionId: current.id, SecretString: current.value });
    }
    if (operation !== 'PutSecretValue')
      throw new Error(`The simulated Secrets Manager does not know ${operation}.`);
    const id = String(input.ClientRequestToken);
    const value = String(input.SecretString);
    const known = versions.find((version) => version.id === id);
    if (known !== undefined && known.value !== value) return jsonFailure(400, 'ResourceExistsException');
    const isTaken = known !== undefined || this.#add(name, id, value);
    this.#world.checks.logins.onSecretWritten(name, value, isTaken);
    if (!isTaken) return jsonFailure(400, 'LimitExceededException');
    return succeed({ Name: name, VersionId: id });
  }

  /** Returns false if the secret has no room for another version. */
  #add(name: string, id: string, value: string): boolean {
    const now = this.#world.now();
    const versions = [...(this.#versions.get(name) ?? []), { id, value, createdAt: now }];
    // The last two have the labels AWSPREVIOUS and AWSCURRENT, and are never deleted.
    const surplus = versions.length - MAX_VERSIONS;
    const deletable = versions.slice(0, -2).filter(({ createdAt }) => now - createdAt >= DELETED_AFTER_MS);
    const deleted = new Set(deletable.slice(0, Math.max(surplus, 0)));
    if (surplus > deleted.size) return false;
    this.#versions.set(
      name,
      versions.filter((version) => !deleted.has(version)),
    );
    return true;
  }
}

const succeed = (output: object): AwsResponse => ({ status: 200, body: JSON.stringify(output) });
