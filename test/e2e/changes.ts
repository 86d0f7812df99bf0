import assert from 'node:assert/strict';
import type { Archive } from './archive.ts';
import { allow, createUser } from './aws.ts';
import { INBOUND_CALL, type Recording, reportCall } from './calls.ts';
import type { Issuer } from './issuer.ts';
import { type Authorization, bearer, createLinks, signatureOf, tokenOf } from './links.ts';
import { expectPage } from './page.ts';
import type { AnyPbx } from './pbxs.ts';
import { expectOnly } from './searches.ts';
import { account, region, stackName } from './settings.ts';
import { connect, type DeployedStack } from './stack.ts';

/** Deploys other settings, and returns the changed stack. */
async function change(stack: DeployedStack, pbxs: AnyPbx[], authorization?: object): Promise<DeployedStack> {
  await stack.project.configure({
    pbxs: Object.fromEntries(pbxs.map(({ id, settings }) => [id, settings])),
    ...(authorization && { links: { authorization } }),
  });
  return { ...stack, outputs: await stack.project.deploy() };
}

/** Makes a call, and checks who gets a link to its recording. */
async function expectLinks(
  stack: DeployedStack,
  pbx: AnyPbx,
  archive: Archive,
  { permitted, refused, status }: { permitted: Authorization; refused: Authorization[]; status: number },
): Promise<void> {
  const recording = await reportCall(pbx);
  await archive.expectRecording(recording);
  const links = createLinks(stack);
  for (const authorization of refused)
    assert.equal(await links.statusFor(recording, authorization), status, authorization.join(' '));
  await links.expectBytes(recording, permitted);
}

/** Adds a PBX, and lets IAM authorize links instead of the token. */
export async function addPbxAndUseIam(
  stack: DeployedStack,
  pbxs: AnyPbx[],
  added: AnyPbx,
  archive: Archive,
): Promise<DeployedStack> {
  const formerToken = await tokenOf(stack);
  const changed = await change(stack, [...pbxs, added], { type: 'iam' });
  await connect(changed, added);
  const api = new URL(changed.outputs.LinkApiUrl).hostname.split('.')[0];
  const resource = `arn:aws:execute-api:${region}:${account}:${api}/$default/GET/recordings/*`;
  const [permitted, other] = await Promise.all([
    createUser(stack.aws, 'crm', allow('execute-api:Invoke', resource)),
    createUser(stack.aws, 'other', allow('s3:ListAllMyBuckets')),
  ]);
  await expectLinks(changed, added, archive, {
    permitted: signatureOf(permitted),
    refused: [[], formerToken, signatureOf(other)],
    status: 403,
  });
  return changed;
}

/** Reception may hear calls to one extension of one PBX. */
const rolesFor = ({ id }: AnyPbx) => ({
  administrator: { pbxs: ['*'], rights: ['listen', 'download', 'share', 'audit'] },
  reception: { pbxs: [id], extensions: [INBOUND_CALL.to], rights: ['listen'] },
});

/** Removes the PBX, and lets an OpenID provider authorize links. */
export async function removePbxAndUseJwt(
  stack: DeployedStack,
  pbxs: [AnyPbx, ...AnyPbx[]],
  removed: AnyPbx,
  archive: Archive,
  issuer: Issuer,
  inbound: Recording,
): Promise<DeployedStack> {
  const changed = await change(stack, pbxs, {
    type: 'jwt',
    issuer: issuer.url,
    audience: ['recordings'],
    clientId: 'page',
    roles: { claim: 'roles', map: rolesFor(pbxs[0]) },
  });
  const { QueueUrls } = await stack.aws.call<{ QueueUrls: string[] }>('sqs list-queues', {
    'queue-name-prefix': `${stackName}-`,
  });
  assert(!QueueUrls.some((url) => url.endsWith(`/${stackName}-${removed.id}`)), 'Its queue is still there.');
  await expectLinks(changed, pbxs[0], archive, {
    permitted: bearer(issuer.issue('recordings')),
    refused: [[], bearer(issuer.issue('something else'))],
    status: 401,
  });
  await expectPage(changed, issuer.url);
  await expectOnly(changed, inbound, bearer(issuer.issue('recordings', ['reception'])));
  return changed;
}

/** Goes back to the token, which is a new one. */
export async function useToken(
  stack: DeployedStack,
  pbxs: AnyPbx[],
  archive: Archive,
  issuer: Issuer,
): Promise<void> {
  const changed = await change(stack, pbxs);
  const permitted = await tokenOf(changed);
  const refused = [[], bearer('not-the-token-at-all'), bearer(issuer.issue('recordings'))];
  await Promise.all(
    pbxs.map((pbx) => expectLinks(changed, pbx, archive, { permitted, refused, status: 401 })),
  );
}

/** The stack goes. The bucket stays, with its recordings, and the table with the access log. */
export async function destroy({ project, aws, outputs }: DeployedStack): Promise<void> {
  await project.npx('cdk', 'destroy', '--force');
  const { SecretList } = await aws.call<{ SecretList: object[] }>('secretsmanager list-secrets');
  assert.deepEqual(SecretList, [], 'Secrets are left.');
  const { Contents = [] } = await aws.call<{ Contents?: object[] }>('s3api list-objects-v2', {
    bucket: outputs.RecordingsBucket,
    prefix: 'recordings/',
  });
  assert.notEqual(Contents.length, 0, 'The recordings are gone.');
  const { TableNames } = await aws.call<{ TableNames: string[] }>('dynamodb list-tables');
  assert.deepEqual(TableNames, [outputs.AccessTable]);
  const { Count } = await aws.call<{ Count: number }>('dynamodb scan', { 'table-name': outputs.AccessTable });
  assert.notEqual(Count, 0, 'The access log is gone.');
}
