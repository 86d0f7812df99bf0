import type { Random } from '../engine/random.ts';
import type { Office } from './office.ts';

/** A caller's own name, as some firmwares copy it into a report. */
const NAMES = ['Büro\tSüd', 'OFFICE\\user', 'Peter "Pit" Pan', 'ends in \\'];

/** Makes the PBX write all reports of a call so that they are no JSON. */
export function spoilReport(office: Office, callId: string, random: Random): void {
  const spoil = random.pick<(json: string) => string>([
    // A number that begins with a zero.
    (json) => json.replace(/"callto":"(\d+)"/, '"callto":$1').replace('{', '{"agentid":007,'),
    (json) => json.replace('{', `{"srctrunkname":"${random.pick(NAMES)}",`),
  ]);
  const before = office.spoilReport;
  office.spoilReport = (json) => (json.includes(`"${callId}"`) ? spoil(json) : before(json));
}
