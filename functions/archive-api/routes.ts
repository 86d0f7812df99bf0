import type { AccessSettings } from '../shared/config/access-settings.ts';
import { listAccesses } from './access-list.ts';
import { reportPlayed } from './access-played.ts';
import { describeMe, type MeDeps } from './me.ts';
import { type RecordingDeps, showRecording } from './recording.ts';
import type { Routes } from './router.ts';
import { type SearchDeps, searchRecordings } from './search-recordings.ts';
import type { ShareDeps } from './shares.ts';
import { createShare } from './shares-create.ts';
import { listShares } from './shares-list.ts';
import { openShare } from './shares-open.ts';
import { revokeShare } from './shares-revoke.ts';
import { describeConfig, type SessionDeps, signIn, signOut } from './sign-in.ts';

export interface ApiDeps extends SearchDeps, RecordingDeps, MeDeps, ShareDeps {
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
    'GET /api/recordings': { respond: (request, principal) => searchRecordings(request, principal, deps) },
    'GET /api/recordings/{pbx}': { respond: (request, principal) => showRecording(request, principal, deps) },
    'GET /api/recordings/{pbx}/{recording}': {
      respond: (request, principal) => showRecording(request, principal, deps),
    },
    'POST /api/shares': { respond: (request, principal) => createShare(request, principal, deps) },
    'GET /api/shares': { respond: (request, principal) => listShares(request, principal, deps) },
    'DELETE /api/shares/{id}': { respond: (request, principal) => revokeShare(request, principal, deps) },
    'POST /api/shares/open': { isPublic: true, respond: (request) => openShare(request, deps) },
    'GET /api/access': { respond: (request, principal) => listAccesses(request, principal, deps) },
    'POST /api/access': { respond: (request, principal) => reportPlayed(request, principal, deps) },
    ...(session !== undefined && {
      'POST /api/session': { isPublic: true, respond: (request) => signIn(request, session) },
      'DELETE /api/session': { isPublic: true, respond: async () => signOut(session) },
    }),
  } satisfies Routes;
}
