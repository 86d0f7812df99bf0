import { type Archive, createArchive } from './archive.ts';
import {
  archiveCalls,
  CALL_WITHOUT_SESSION,
  CALLS,
  INBOUND_CALL,
  type Recording,
  reportCall,
  UNANNOUNCED_CALL,
} from './calls.ts';
import { addPbxAndUseIam, removePbxAndUseJwt, useToken } from './changes.ts';
import type { Issuer } from './issuer.ts';
import { createLinks, tokenOf } from './links.ts';
import {
  backfill,
  deadLetters,
  doctor,
  erase,
  reboot,
  reconcile,
  repairIndex,
  useTokens,
} from './operations.ts';
import { expectPage, signIn } from './page.ts';
import type { AnyPbx, Pbx, PSeries } from './pbxs.ts';
import { findAll, findCall, reindex } from './searches.ts';
import { shareAndAudit } from './shares.ts';
import { connect, type DeployedStack } from './stack.ts';
import { step } from './steps.ts';

export interface Pbxs {
  office: Pbx;
  warehouse: Pbx;
  showroom: PSeries;
  branch: Pbx;
}

/** The life of a stack that has just been deployed for all but `branch`, up to its last change. */
export async function runScenario(
  deployed: DeployedStack,
  { office, warehouse, showroom, branch }: Pbxs,
  issuer: Issuer,
): Promise<void> {
  const archive = createArchive(deployed.outputs.RecordingsBucket, deployed.assertNothingDenied);
  const pbxs: [AnyPbx, ...AnyPbx[]] = [office, warehouse, showroom];
  await step('enters the credentials, and logs in', async () => {
    await Promise.all(pbxs.map((pbx) => connect(deployed, pbx)));
  });

  const [announced, unannounced, signed, inbound] = await Promise.all([
    Promise.all(
      Object.entries(CALLS).map(([title, calls]) =>
        step(`archives calls: ${title}`, () => archiveCalls(office, calls, archive)),
      ),
    ),
    step('archives calls: no length announced', () => archiveCalls(warehouse, [UNANNOUNCED_CALL], archive)),
    step('archives calls: P-Series, with a token that ends', () => useTokens(showroom, archive)),
    useApi(deployed, office, archive),
    step('the page; signs in', async () => {
      await expectPage(deployed, '');
      await signIn(deployed);
    }),
  ]);
  const recordings = [...announced.flat(), ...unannounced, ...signed];
  await Promise.all([
    step(`links to ${recordings.length} recordings`, async () => {
      const [token, links] = [await tokenOf(deployed), createLinks(deployed)];
      for (const recording of recordings) await links.expectBytes(recording, token);
      await links.expectRedirect(recordings[0] as Recording, token);
    }),
    step('npm run doctor', () => doctor(deployed, pbxs)),
    step('finds every recording', () => findAll(deployed, [...recordings, inbound])),
  ]);
  await Promise.all([
    inOrder([
      // With other calls at the same time, a function that finds another one logging in would wait for a minute.
      () =>
        step('archives calls: no session', () => archiveCalls(warehouse, [CALL_WITHOUT_SESSION], archive)),
      () => step('a PBX restarts', () => reboot(deployed, warehouse, archive)),
      () => step('reconciles', () => reconcile(deployed, warehouse, archive)),
      () => step('reconciles: a recording is gone', () => repairIndex(deployed, unannounced[0] as Recording)),
    ]),
    step('reconciles: P-Series', () => reconcile(deployed, showroom, archive)),
    inOrder([
      () => step('npm run dead-letters, redrive', () => deadLetters(deployed, office, archive)),
      () => step('npm run backfill', () => backfill(deployed, office, archive)),
      () => step('npm run erase', () => erase(deployed, recordings[0] as Recording)),
    ]),
    // Without the recording that is erased meanwhile.
    step('npm run reindex', () => reindex(deployed, inbound, recordings.slice(1))),
  ]);
  const withBranch = await step('adds a PBX; links for IAM users', () =>
    addPbxAndUseIam(deployed, pbxs, branch, archive),
  );
  const withoutBranch = await step('removes the PBX; links for callers with a JWT', () =>
    removePbxAndUseJwt(withBranch, pbxs, branch, archive, issuer, inbound),
  );
  await step('links for callers with the token again', () => useToken(withoutBranch, pbxs, archive, issuer));
}

/** Archives a call, and does with it what the search API is for. */
async function useApi(deployed: DeployedStack, pbx: Pbx, archive: Archive): Promise<Recording> {
  const inbound = await step('archives calls: from outside', async () => {
    const recorded = await reportCall(pbx, INBOUND_CALL);
    await archive.expectRecording(recorded);
    return recorded;
  });
  await step('finds a call by number and by id', () => findCall(deployed, inbound, INBOUND_CALL.from));
  await step('shares a recording; the access log', () => shareAndAudit(deployed, inbound));
  return inbound;
}

async function inOrder(works: (() => Promise<unknown>)[]): Promise<void> {
  for (const work of works) await work();
}
