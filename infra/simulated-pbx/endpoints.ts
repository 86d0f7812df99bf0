import { isIP } from 'node:net';
import { cdrResource, recordingResource } from './downloads.ts';
import type { Outcome } from './errno.ts';
import { CDR_FILE } from './misbehaviours.ts';
import type { ApiRequest, PbxParts } from './parts.ts';
import { systemTime } from './pbx-time.ts';
import { type Body, fieldText } from './sessions.ts';

type Endpoint = (pbx: PbxParts, request: ApiRequest) => Outcome;

/** The two ways to get a token. */
export const endpointsWithoutToken: Readonly<Record<string, Endpoint>> = {
  login: ({ sessions, emit }, { body, address }) => {
    const outcome = sessions.login(body, address);
    if (typeof outcome === 'string') emit({ type: 'login-refused', address, errno: outcome });
    else emit({ type: 'login', address, reportUrl: sessions.liveSubscription()?.url });
    return outcome;
  },

  'token/refresh': ({ sessions, refreshTokens, emit }, { body }) => {
    if (!refreshTokens) return '10003';
    const outcome = sessions.refresh(body);
    if (typeof outcome !== 'string') emit({ type: 'token-refreshed' });
    return outcome;
  },
};

export const endpoints: Readonly<Record<string, Endpoint>> = {
  logout: ({ sessions, emit }, { token }) => {
    sessions.drop(token);
    emit({ type: 'logout' });
    return {};
  },

  heartbeat: ({ sessions, emit }, { token, body, address }) => {
    sessions.heartbeat(token, body, address);
    emit({ type: 'heartbeat', reportUrl: sessions.liveSubscription()?.url });
    return {};
  },

  'deviceinfo/query': ({ serialNumber, timeZone, now }) => ({
    deviceinfo: {
      devicename: 'Simulated S-Series',
      sn: serialNumber,
      hardwarever: 'V1.10 0000-0000',
      firmwarever: '30.15.0.60',
      systemtime: systemTime(now(), timeZone),
    },
  }),

  'recording/get_random': (pbx, request) => {
    const recording = fieldText(request.body.recording);
    if (pbx.storageErrno) return pbx.storageErrno;
    if (isMissing(pbx, recording)) return '20014';
    if (!pbx.storage.readRecording(recording)) return '20012';
    return issueRandom(pbx, request, recordingResource(recording), { recording });
  },

  'cdr/get_random': (pbx, request) => {
    const { body } = request;
    if (isMissing(pbx, CDR_FILE)) return '20014';
    const numbers = pbx.apiVersion === 'v2.0.0' ? 'number' : 'extid';
    const [extensions, starttime, endtime] = [body[numbers], body.starttime, body.endtime].map(fieldText);
    if (!extensions || !starttime || !endtime) return '20012';
    const echo = { [numbers]: extensions, starttime, endtime };
    return issueRandom(pbx, request, cdrResource({ extensions, starttime, endtime }), echo);
  },
};

function isMissing({ misbehaviours, emit }: PbxParts, recording: string): boolean {
  const misbehaviour = misbehaviours.takeLate(recording, 'get_random');
  if (misbehaviour) emit({ type: 'misbehaved', recording, kind: misbehaviour.kind });
  return misbehaviour !== undefined;
}

function issueRandom(pbx: PbxParts, { body, address }: ApiRequest, resource: string, echo: Body): Outcome {
  const { allowedip } = body;
  if (allowedip !== undefined && (typeof allowedip !== 'string' || !isIP(allowedip))) return '20015';
  const random = pbx.randoms.issue(resource, allowedip === undefined ? [address] : [address, allowedip]);
  pbx.emit({ type: 'random', resource });
  return { ...echo, random };
}
