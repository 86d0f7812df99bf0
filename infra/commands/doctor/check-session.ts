import { MAX_CLOCK_SKEW_SECONDS } from '../../../functions/shared/config/limits.ts';
import type { Pbx } from '../../../functions/shared/config/pbx-registry.ts';
import { obstacleOf } from '../../../functions/shared/pbx/family-errors.ts';
import { type Reporter, reportDialectOf } from '../../../functions/shared/pbx/family-reports.ts';
import { notChecked, ok, type Result, toDo } from './finding.ts';
import type { SessionOutcome } from './pbx-session.ts';
import type { SessionLocation } from './session-location.ts';

/** What a session with a PBX needs, each stage the one before it. */
const STAGES = ['connection', 'certificate', 'api', 'session'] as const;
type Stage = (typeof STAGES)[number];

/** Node's codes for a certificate that is not trusted, in the message of `pbx-connection`. */
const UNTRUSTED = /\((?:\w*SELF_SIGNED\w*|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_CERT\w+)\)/;

/** Codes, whatever the family, that say that what responds is not the API. */
const NOT_THE_API = ['pbx-http-status', 'pbx-bad-response'];

/** Explains a PBX's line of the response of pbx-session, stage by stage. */
export function checkSession(
  outcome: SessionOutcome | undefined,
  settings: Pick<Pbx, 'baseUrl' | 'tls' | 'serialNumber' | 'timeZone' | 'discoverEveryMinutes'> & Reporter,
  location: SessionLocation,
): Record<Stage | 'clock' | 'device', Result> {
  const { family, baseUrl, tls } = settings;
  const isUp = outcome?.outcome === 'logged-in' || outcome?.outcome === 'kept-alive';
  const results: Record<Stage, Result> = {
    connection: ok(`${baseUrl} is reached from ${location.name}`),
    certificate: describeCertificate(tls, outcome, location),
    api: ok('enabled, it responds'),
    session: describeOpened(outcome),
  };
  if (!isUp) {
    const { stage: failed, isOfPbx } = locate(outcome, family);
    const index = STAGES.indexOf(failed);
    for (const stage of STAGES.slice(0, isOfPbx ? 0 : index))
      results[stage] = notChecked('the PBX was not asked');
    results[failed] = toDo(describeFailure(outcome, family, location));
    for (const stage of STAGES.slice(index + 1)) results[stage] = notChecked(`needs the ${failed}`);
  }
  // Without TLS there is nothing to find out, whatever happens.
  if (baseUrl.startsWith('http:')) results.certificate = notChecked('none, because baseUrl is plain HTTP');
  return {
    ...results,
    clock: isUp ? checkClock(outcome, settings, location) : notChecked('needs the session'),
    device: isUp ? checkDevice(outcome, settings, location) : notChecked('needs the session'),
  };
}

function describeOpened({ outcome, noReports }: Partial<SessionOutcome> = {}): Result {
  const text = outcome === 'logged-in' ? 'logged in just now' : 'kept alive';
  if (noReports === undefined) return ok(text);
  return toDo(
    `The PBX accepts the login. ${noReports} Correct that: within an hour, another login finds out.`,
  );
}

/** The stage that failed, and whether the PBX's own response shows that those before it work. */
function locate(
  response: SessionOutcome | undefined,
  family: Pbx['family'],
): { stage: Stage; isOfPbx: boolean } {
  const { outcome, code = '', message = '' } = response ?? {};
  if (code === 'certificate-mismatch') return { stage: 'certificate', isOfPbx: true };
  if (code === 'pbx-connection') {
    return { stage: UNTRUSTED.test(message) ? 'certificate' : 'connection', isOfPbx: true };
  }
  // If logins are held because of an HTTP status, the login was refused with it.
  const isRefusal = outcome === 'held' && code === 'pbx-http-status';
  const isApi = NOT_THE_API.includes(code) || obstacleOf(family, code) !== undefined;
  if (isApi && !isRefusal) return { stage: 'api', isOfPbx: outcome !== 'held' };
  // While logins are held, the PBX is not asked at all.
  return { stage: 'session', isOfPbx: outcome === 'failed' && code.startsWith('pbx-') };
}

function describeFailure(
  outcome: SessionOutcome | undefined,
  family: Pbx['family'],
  { address }: SessionLocation,
): string {
  if (outcome === undefined) return 'The function does not know this PBX yet. Run npm run deploy.';
  const { code = outcome.outcome, message = '' } = outcome;
  const heading = outcome.outcome === 'held' ? 'login-held' : 'session-down';
  const advice = obstacleOf(family, code) === 'address-refused' ? `${message} ${address}` : message;
  return `${advice} See ${code} in docs/runbook.md#${heading}.`.trimStart();
}

function describeCertificate(
  { fingerprint256, ca }: Pbx['tls'],
  outcome: SessionOutcome | undefined,
  { nameOf, apply }: SessionLocation,
): Result {
  if (fingerprint256 === undefined && ca === undefined) return ok('issued by a public authority');
  if (outcome?.renewsCertificate) {
    const { edition: owner = 'PBX' } = outcome;
    // `ca` pins a public certificate as well: the next one may be issued by another authority.
    const setting = nameOf(fingerprint256 === undefined ? 'tls.ca' : 'tls.fingerprint256');
    return toDo(
      `The pinned one, which the ${owner} replaces every few weeks. Remove ${setting}, ${apply}. See docs/configuration.md#certificate.`,
    );
  }
  return ok(fingerprint256 === undefined ? 'issued as tls.ca says' : 'the pinned one');
}

function checkDevice(
  { model, edition, serialNumber, firmware }: SessionOutcome,
  settings: Parameters<typeof checkSession>[1],
  { nameOf, apply }: SessionLocation,
): Result {
  const { discoverEveryMinutes } = settings;
  if ([model, serialNumber, firmware].every((said) => said === undefined))
    return notChecked('the PBX does not say what it is');
  if (serialNumber !== undefined && ![undefined, serialNumber].includes(settings.serialNumber)) {
    return toDo(
      `The PBX has the serial number ${serialNumber}, not ${settings.serialNumber}, so its reports are set aside. Correct ${nameOf('serialNumber')}, ${apply}.`,
    );
  }
  const canPost = firmware === undefined || reportDialectOf(settings).canPost?.(firmware) !== false;
  if (!canPost && discoverEveryMinutes === undefined) {
    return toDo(
      `Its firmware ${firmware} has no webhook. Update it, or set ${nameOf('discoverEveryMinutes')}, ${apply}. See docs/configuration.md#a-pbx-that-cannot-report.`,
    );
  }
  return ok(
    [model, edition, firmware && `firmware ${firmware}`, serialNumber && `serial number ${serialNumber}`]
      .filter(Boolean)
      .join(', '),
  );
}

function checkClock(
  { skewSeconds, isZoneWrong }: SessionOutcome,
  { timeZone }: Pick<Pbx, 'timeZone'>,
  { nameOf, apply }: SessionLocation,
): Result {
  if (skewSeconds === undefined) return notChecked('the PBX does not show its time');
  const skew = `${Math.abs(skewSeconds)} s ${skewSeconds < 0 ? 'behind' : 'ahead'}`;
  if (isZoneWrong) {
    return toDo(
      `It is right, but shows a time that is ${skew} of that in ${timeZone}. Correct ${nameOf('timeZone')}, ${apply}.`,
    );
  }
  return Math.abs(skewSeconds) <= MAX_CLOCK_SKEW_SECONDS
    ? ok(skew)
    : toDo(`It is ${skew}. Set the time server in the PBX. See docs/runbook.md#clock-wrong.`);
}
