import { randomBytes } from 'node:crypto';
import {
  type PbxEvent,
  type SimulatedPbx,
  startSimulatedPbx,
} from '../../infra/simulated-pbx/simulated-pbx.ts';
import type { Curl } from './curl.ts';

/** A simulated PBX in this process, with TLS and a self-signed certificate as every PBX has. */
export interface Pbx extends SimulatedPbx {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  /** What cdk.json says of it. */
  readonly settings: object;
  /** The kinds of its misbehaviours with a recording, in their order. */
  misbehavedWith(recording: string): string[];
}

const TIME_ZONE = 'Europe/Berlin';

export async function startPbx(
  id: string,
  curl: Curl,
  options: { serialNumber: string; contentLength?: boolean },
): Promise<Pbx> {
  const [username, password] = ['api', randomBytes(12).toString('hex')];
  const events: PbxEvent[] = [];
  const pbx = await startSimulatedPbx({
    ...options,
    username,
    password,
    timeZone: TIME_ZONE,
    onEvent: (event) => void events.push(event),
    // Reports go to the host that the login names, which only curl here knows how to reach.
    async post(url, body, headers) {
      const fields = Object.entries({ 'Content-Type': 'application/json', ...headers });
      const args = fields.flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
      return (await curl([...args, '--data-binary', '@-', url], body)).status;
    },
  });
  const settings = {
    baseUrl: pbx.url,
    serialNumber: options.serialNumber,
    timeZone: TIME_ZONE,
    tls: { fingerprint256: pbx.fingerprint256 },
  };
  const misbehavedWith = (recording: string) =>
    events.flatMap((event) =>
      event.type === 'misbehaved' && event.recording === recording ? [event.kind] : [],
    );
  return { ...pbx, id, username, password, settings, misbehavedWith };
}
