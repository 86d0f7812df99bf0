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
}

/** Never rejects: a PBX that does not say what it is, or not now, keeps its session. */
export async function lookAtDevice(pbx: string, opened: OpenPbx, now: () => number): Promise<Device> {
  const { client, session, settings } = opened;
  const said = await session
    .current()
    .then(({ token }) => client.deviceInfo(token, AbortSignal.timeout(TIMEOUT_MS)))
    .catch(() => undefined);
  if (said === undefined) return {};
  const device = {
    ...checkClock(pbx, said, settings.timeZone, now()),
    model: plain(said.devicename, NAME),
    edition: plain(said.edition, NAME),
    renewsCertificate: said.renewsCertificate === true || undefined,
    serialNumber: plain(said.sn),
    firmware: plain(said.firmwarever),
  };
  return Object.fromEntries(Object.entries(device).filter(([, value]) => value !== undefined));
}

/** A short word or number, unless another form is given. */
const plain = (value: unknown, form = /^[\w.-]{1,40}$/) =>
  form.test(String(value)) && value !== null && value !== undefined ? String(value) : undefined;
