import assert from 'node:assert/strict';
import type { Response } from './curl.ts';
import type { Authorization } from './links.ts';
import type { DeployedStack } from './stack.ts';

type Query = Record<string, string>;

export interface Api {
  /** What the API responds to a GET, which has to have the status 200. */
  get<Body>(path: string, query?: Query): Promise<Body>;
  /** The same for any status. */
  ask(path: string, query?: Query): Promise<Response>;
  /** Sends JSON. */
  send(method: 'POST' | 'DELETE', path: string, body?: object): Promise<Response>;
}

/** The search API, for one caller. */
export function createApi(
  { curl, outputs }: Pick<DeployedStack, 'curl' | 'outputs'>,
  authorization: Authorization,
): Api {
  const ask = (path: string, query: Query = {}) => {
    const parameters = Object.entries(query).flatMap(([name, value]) => [
      '--data-urlencode',
      `${name}=${value}`,
    ]);
    return curl([...authorization, '--get', ...parameters, `${outputs.SearchApiUrl}${path}`]);
  };
  return {
    ask,
    async get<Body>(path: string, query?: Query) {
      const { status, body } = await ask(path, query);
      assert.equal(status, 200, `${path} ${JSON.stringify(query)}: ${status} ${body}`);
      return JSON.parse(body.toString()) as Body;
    },
    send(method, path, body) {
      const args = [...authorization, '--request', method, `${outputs.SearchApiUrl}${path}`];
      if (body === undefined) return curl(args);
      return curl(
        [...args, '--header', 'Content-Type: application/json', '--data-binary', '@-'],
        JSON.stringify(body),
      );
    },
  };
}
