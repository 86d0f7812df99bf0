import type * as v from 'valibot';
import { accessQuerySchema } from '../../functions/archive-api/access-list.ts';
import { reportPlayedSchema } from '../../functions/archive-api/access-played.ts';
import { recordingQuerySchema } from '../../functions/archive-api/recording.ts';
import { searchQuerySchema } from '../../functions/archive-api/search-query.ts';
import { newShareSchema } from '../../functions/archive-api/shares-create.ts';
import { listSharesSchema } from '../../functions/archive-api/shares-list.ts';
import { revokeShareSchema } from '../../functions/archive-api/shares-revoke.ts';
import { signInSchema } from '../../functions/archive-api/sign-in.ts';
import {
  accessLogSchema,
  configSchema,
  createdShareSchema,
  meSchema,
  openedShareSchema,
  openShareSchema,
  recordingSchema,
  searchSchema,
  shareSchema,
  sharesSchema,
} from '../../functions/shared/api/contract.ts';

type ObjectSchema =
  | v.StrictObjectSchema<v.ObjectEntries, undefined>
  | v.ObjectSchema<v.ObjectEntries, undefined>;

export interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Needs no authorization. */
  readonly isPublic?: true;
  /** Parameters in path and query. */
  readonly parameters?: {
    readonly schema: ObjectSchema;
    readonly descriptions: Readonly<Record<string, string>>;
  };
  /** Schema of the JSON that the request carries. */
  readonly body?: v.GenericSchema;
  /** Name and schema of the response; absent for 204. */
  readonly response?: { readonly name: string; readonly schema: v.GenericSchema };
  /** Status of the response, unless 200. */
  readonly status?: number;
  readonly contentType?: string;
  readonly isAlsoCsv?: true;
  /** Further statuses, and when they come. */
  readonly errors?: Readonly<Record<number, string>>;
}

const recordingDescriptions = {
  pbx: 'Id of the PBX.',
  recording: 'Name of the recording, as the PBX gave it.',
  download: '`1` for a link that saves the file; it needs the right `download`. `0` for one that plays it.',
};
const recordingErrors = {
  403: 'The person may hear the recording, but not save it.',
  404: 'There is no such recording, or the person may not hear it.',
};

/** What docs/openapi.json says about each route of the API beyond its schemas. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /api/config': {
    id: 'getConfig',
    summary: 'How people sign in',
    isPublic: true,
    response: { name: 'Config', schema: configSchema },
    errors: { 404: 'There is no page to sign in on.' },
  },
  'GET /api/me': {
    id: 'getMe',
    summary: 'Who is signed in, what they may do, and how complete the archive of each PBX is',
    response: { name: 'Me', schema: meSchema },
  },
  'GET /api/recordings': {
    id: 'search',
    summary: 'Recordings, newest first',
    description:
      'One page of a search. A page may have fewer recordings than `limit`, even none, and still have a `cursor`: ' +
      'one request looks at a limited number of recordings. `searchedBackTo` says how far back it has come.',
    parameters: {
      schema: searchQuerySchema,
      descriptions: {
        pbx: 'Ids of PBXs. All of which the person may hear recordings, if absent.',
        from:
          'A day in the time zone of each PBX, or an instant with a zone. If absent, seven days before the end; ' +
          'with `callId`, the beginning.',
        to: 'A day, which is included, or an instant, which is not. If absent, there is no end.',
        number:
          'Numbers of either party. For longer numbers, the last six digits suffice; extensions must match exactly.',
        direction: 'Direction of the call.',
        type: 'Type of the call, as the PBX reported it, in upper or lower case.',
        minSeconds: 'Shortest duration.',
        callId: 'Id of the call at the PBX.',
        cursor: 'From the page before. The other parameters, except `limit`, have to be the same.',
        limit: 'Most recordings of a page.',
      },
    },
    response: { name: 'Search', schema: searchSchema },
    errors: { 403: 'The person may hear no recordings.' },
  },
  'GET /api/recordings/{pbx}/{recording}': {
    id: 'getRecording',
    summary: 'A recording, and a link to it',
    description: 'For names without `%`, `?` and `/`, which API Gateway would change.',
    parameters: { schema: recordingQuerySchema, descriptions: recordingDescriptions },
    response: { name: 'Recording', schema: recordingSchema },
    errors: recordingErrors,
  },
  'GET /api/recordings/{pbx}': {
    id: 'getRecordingByQuery',
    summary: 'The same, for any name',
    parameters: { schema: recordingQuerySchema, descriptions: recordingDescriptions },
    response: { name: 'Recording', schema: recordingSchema },
    errors: recordingErrors,
  },
  'POST /api/session': {
    id: 'signIn',
    summary: 'Signs a browser in with the link token',
    description: 'Only with the authorization `token`. Sets the cookie `__Host-session` for twelve hours.',
    isPublic: true,
    body: signInSchema,
    status: 204,
    errors: {
      401: 'This is not the link token.',
      403: 'The page of another origin has sent the request.',
      404: 'The authorization is not `token`.',
      429: 'There have been five wrong attempts from this address within a minute.',
    },
  },
  'DELETE /api/session': {
    id: 'signOut',
    summary: 'Signs a browser out',
    isPublic: true,
    status: 204,
    errors: {
      403: 'The page of another origin has sent the request.',
      404: 'The authorization is not `token`.',
    },
  },
  'POST /api/shares': {
    id: 'createShare',
    summary: 'Makes a link to a recording for somebody who cannot sign in',
    description:
      'The token after `#` in `url` opens the recording, and nothing else returns it again. Keep it as you would a ' +
      'password.',
    body: newShareSchema,
    status: 201,
    response: { name: 'CreatedShare', schema: createdShareSchema },
    errors: {
      403: 'The person may not share this recording, or not for download, or nobody may share any.',
      404: 'There is no such recording in the archive, or the person may not hear it.',
    },
  },
  'GET /api/shares': {
    id: 'listShares',
    summary: "Shares, newest first: the person's own, those of a recording, or those of somebody else",
    description:
      'For one recording, callers with the right `audit` see all shares, others only their own. Those of somebody ' +
      'else need the right, and the response has those of recordings on which the person has it. A page may have ' +
      'fewer shares than `limit`, even none, and still have a `cursor`.',
    parameters: {
      schema: listSharesSchema,
      descriptions: {
        pbx: 'Id of the PBX, with `recording`.',
        recording: 'Name of the recording, as the PBX gave it.',
        person: 'Name of a person, as their shares have it in `createdBy`. Instead of a recording.',
        mine: "`1`, the default without a recording or a person: the person's own.",
        cursor: 'From the page before.',
        limit: 'Most shares of a page.',
      },
    },
    response: { name: 'Shares', schema: sharesSchema },
    errors: { 403: 'The shares of somebody else need the right `audit`.' },
  },
  'DELETE /api/shares/{id}': {
    id: 'revokeShare',
    summary: 'Revokes a share',
    description:
      'It can be opened no more. A recipient who has just got a link can hear the recording for up to 15 minutes. To ' +
      'revoke it again changes nothing.',
    parameters: { schema: revokeShareSchema, descriptions: { id: 'Id of the share.' } },
    response: { name: 'Share', schema: shareSchema },
    errors: { 404: 'There is no such share, or the person neither made it nor has the right `audit`.' },
  },
  'POST /api/shares/open': {
    id: 'openShare',
    summary: 'Opens a share',
    description:
      'Counts as a play, and returns a link to the recording for 15 minutes. With the `continuation` of an opening, it ' +
      'returns another link without counting as a play, for as long as the recording lasts and an hour ' +
      'longer, or for four hours if its length is not known. The response says when the share ends, and how often it ' +
      'can still be opened if that is limited.',
    isPublic: true,
    body: openShareSchema,
    response: { name: 'OpenedShare', schema: openedShareSchema },
    errors: {
      403: 'The page of another origin has sent the request.',
      404:
        'The share cannot be opened: it has never existed, has ended, was revoked or used up, or needs another ' +
        'passcode, or the opening is over. The response does not tell which.',
    },
  },
  'GET /api/access': {
    id: 'listAccesses',
    summary: 'Who got links, and what became of shares, newest first: of a recording, or of a person',
    description:
      'A link that was handed out is no proof that somebody listened. What the kind `played` says was reported by ' +
      'the player. A page may have fewer rows than `limit`, even none, and still have a `cursor`. A long CSV ' +
      'comes in parts: the header `x-next-cursor` has the cursor of the next one. Only the first has a byte order mark ' +
      'and the line of names, so the parts in their order are the whole file.',
    parameters: {
      schema: accessQuerySchema,
      descriptions: {
        pbx: 'Id of the PBX, with `recording`.',
        recording: 'Name of the recording, as the PBX gave it.',
        person: 'Name of a person, as the access log has it. Instead of a recording.',
        format: '`csv` for a file (RFC 4180).',
        cursor: 'From the page before.',
        limit: 'Most rows of a page. A CSV ignores it.',
      },
    },
    response: { name: 'AccessLog', schema: accessLogSchema },
    isAlsoCsv: true,
    errors: { 403: 'The person may not see it.' },
  },
  'POST /api/access': {
    id: 'reportPlayed',
    summary: 'Adds to the access log how many seconds a player has played',
    body: reportPlayedSchema,
    status: 204,
    errors: {
      404: 'There is no such recording, or the person may not hear it.',
    },
  },
};
