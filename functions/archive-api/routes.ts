import type { AccessSettings } from '../shared/config/access-settings.ts';
import { describeConfig } from './config.ts';
import { describeMe, type MeDeps } from './me.ts';
import { type RecordingDeps, showRecording } from './recording.ts';
import type { Routes } from './router.ts';
import { type SearchDeps, search } from './search.ts';
import { type SessionDeps, signIn, signOut } from './session.ts';

export interface ApiDeps extends SearchDeps, RecordingDeps, MeDeps {
  authorization: 'token' | 'iam' | 'jwt';
  settings: AccessSettings;
  /** Only with `token`. */
  session?: SessionDeps | undefined;
}

/** Every route of the API. Public ones need no authorization. */
export function createRoutes(deps: ApiDeps): Routes {
  const { authorization, settings, session } = deps;
  return {
    'GET /api/config': { isPublic: true, respond: async () => describeConfig(authorization, settings) },
    'GET /api/me': { respond: (_request, principal) => describeMe(principal, deps) },
    'GET /api/recordings': { respond: (request, principal) => search(request, principal, deps) },
    'GET /api/recordings/{pbx}': { respond: (request, principal) => showRecording(request, principal, deps) },
    'GET /api/recordings/{pbx}/{recording}': {
      respond: (request, principal) => showRecording(request, principal, deps),
    },
    ...(session !== undefined && {
      'POST /api/session': { isPublic: true, respond: (request) => signIn(request, session) },
      'DELETE /api/session': { isPublic: true, respond: async () => signOut(session) },
    }),
  } satisfies Routes;
}
