import assert from 'node:assert/strict';
import type { Recording } from './calls.ts';
import type { AccessKeys } from './emulator.ts';
import { region } from './settings.ts';
import { type DeployedStack, readSecret } from './stack.ts';

/** Arguments of curl that authorize a request. */
export type Authorization = string[];

export const bearer = (token: string): Authorization => ['--header', `Authorization: Bearer ${token}`];

export const tokenOf = async (stack: DeployedStack): Promise<Authorization> =>
  bearer(await readSecret(stack, stack.outputs.LinkTokenSecret));

export const signatureOf = ({ accessKeyId, secretAccessKey }: AccessKeys): Authorization => [
  ...['--aws-sigv4', `aws:amz:${region}:execute-api`, '--user', `${accessKeyId}:${secretAccessKey}`],
];

type Name = Pick<Recording, 'pbx' | 'recording'>;

/** The two addresses of a link. HTTP APIs change a path that has `%`, `?` or `/` in the name. */
const inQuery = ({ pbx, recording }: Name) => [
  ...['--get', '--data-urlencode', `recording=${recording}`],
  pbx,
];
const inPath = ({ pbx, recording }: Name) =>
  /[%?/]/.test(recording) ? undefined : [`${pbx}/${encodeURIComponent(recording)}`];

export function createLinks({ curl, outputs }: DeployedStack) {
  const ask = (args: string[], authorization: Authorization) =>
    curl([...authorization, ...args.slice(0, -1), `${outputs.LinkApiUrl}${args.at(-1)}`]);
  return {
    /** Asks for a link in every way, and fetches the recording through each. */
    async expectBytes({ bytes, ...name }: Recording, authorization: Authorization): Promise<void> {
      for (const address of [inQuery(name), inPath(name)]) {
        if (address === undefined) continue;
        const link = await ask(address, authorization);
        assert.equal(link.status, 200, `${name.recording}: ${link.status} ${link.body}`);
        const { url, bytes: announced } = JSON.parse(link.body.toString());
        assert.equal(announced, bytes.length);
        const download = await curl([url]);
        assert.equal(download.status, 200, `${name.recording}: ${download.status} ${download.body}`);
        assert(download.body.equals(bytes), `The link of ${name.recording} leads to other bytes.`);
      }
    },
    /** The API redirects to the recording. */
    async expectRedirect({ bytes, ...name }: Recording, authorization: Authorization): Promise<void> {
      const download = await ask(['--location', '--data', 'redirect=1', ...inQuery(name)], authorization);
      assert(download.body.equals(bytes), `The redirect leads to other bytes: ${download.status}`);
    },
    /** What the API answers to somebody who asks for a link. */
    async statusFor(name: Name, authorization: Authorization): Promise<number> {
      return (await ask(inQuery(name), authorization)).status;
    },
  };
}
