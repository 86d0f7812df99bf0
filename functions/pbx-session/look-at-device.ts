import type { OpenPbx } from '../shared/session/pbxs.ts';
import { type Clock, checkClock } from './check-clock.ts';

const TIMEOUT_MS = 10_000;

const NAME = /^[\w .()-]{1,40}$/;

/** What a PBX says of itself. What it does not say is absent. */
export interface Device extends Clock {
  model?: string;
  edition?: string;
  /** Its certificate is replaced every few weeks, so nobody should pin it. */
  renewsCertificate?: true;
  serialNumber?: string;
  firmware?: string;
  /** For a person: the PBX has said that it posts no reports, and on what that depends. */
  noReports?: string;
}

/** Never rejects: a PBX that does not say what it is, or not now, keeps its session. */
export async function lookAtDevice(pbx: string, opened: OpenPbx, now: () => number): Promise<Device> {
  const { client, session, settings } = opened;
  const shared = await session.current().catch(() => undefined);
  if (shared === undefined) return {};
  const postsNone = shared.snapshot.state.postsReports === false;
  const noReports = postsNone ? `It posts no reports. It does so ${client.rules.reportsIf}.` : undefined;
  const said = await client.deviceInfo(shared.token, AbortSignal.timeout(TIMEOUT_MS)).catch(() => undefined);
  const device = said && {
    ...checkClock(pbx, said, settings.timeZone, now()),
    model: plain(said.devicename, NAME),
    edition: plain(said.edition, NAME),
    renewsCertificate: said.renewsCertificate === true || undefined,
    serialNumber: plain(said.sn),
    firmware: plain(said.firmwarever),
  };
  const known = Object.entries({ ...device, noReports }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known);
}

/** A short word or number, unless another form is given. */
const plain = (value: unknown, form = /^[\w.-]{1,40}$/) =>
  form.test(String(value)) && value !== null && value !== undefined ? String(value) : undefined;
