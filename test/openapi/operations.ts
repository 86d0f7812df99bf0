import type * as v from 'valibot';
import { recordingQuerySchema } from '../../functions/archive-api/recording.ts';
import { searchQuerySchema } from '../../functions/archive-api/search-query.ts';
import { signInSchema } from '../../functions/archive-api/session.ts';
import {
  configSchema,
  meSchema,
  recordingSchema,
  searchSchema,
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
  /** Of path and query. */
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
          'Numbers of either party. Of a longer number, six digits at its end are enough; extensions have to be equal.',
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
};
