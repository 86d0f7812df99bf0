import { flatten, statementsOf, synthArchive } from '../../infra/stack/synth-archive.ts';

/** The functions, by the start of their roles' logical ids. */
const ROLES: Readonly<Record<string, string>> = {
  'cdr-webhook': 'CdrWebhook',
  'archive-recording': 'ArchiveRecording',
  'pbx-session': 'PbxSession',
  'index-recording': 'Index',
  reconcile: 'Reconciliation',
};

/** The PBXs of the simulation, by their logical ids. */
const OFFICES: Readonly<Record<string, string>> = { headoffice: 'head-office', branch: 'branch' };

/** What a request needs. Resources have the names that they have in the simulation, without ARNs. */
export interface Permission {
  action: string;
  resource: string;
}

export const isAllowed = (functionName: string, { action, resource }: Permission): boolean =>
  allowed.some(
    (grant) =>
      grant.functionName === functionName && grant.action === action && isCovered(resource, grant.resource),
  );

function readAllowed(): { functionName: string; action: string; resource: string }[] {
  const office = { baseUrl: 'https://203.0.113.10:8088' };
  const { resources } = synthArchive({ pbxs: { 'head-office': office, branch: office } });
  return Object.entries(ROLES).flatMap(([functionName, role]) =>
    statementsOf(resources, role).flatMap(({ Action, Resource }) =>
      [Resource].flat().flatMap((arn) => {
        const resource = nameOf(flatten(arn));
        return [Action].flat().map((action) => ({ functionName, action, resource }));
      }),
    ),
  );
}

/** The name in the simulation for a resource of the template. */
const nameOf = (reference: string) =>
  reference
    .replace(/^<RecordingsBucket\w+\.Arn>/, 'archive')
    .replace(/^<IndexTable\w+\.Arn>$/, 'index')
    .replace(/^<IndexEvents\w+\.Arn>$/, 'index-events')
    .replace(/^<DeadLetterQueue\w+\.Arn>$/, 'dead-letters')
    .replace(/^<SessionRequests\w+\.Arn>$/, 'session-requests')
    .replace(/^<Pbx([a-z]+)Queue\w+\.Arn>$/, (_, id) => `recordings-${OFFICES[id]}`)
    .replace(/^<Pbx([a-z]+)Credentials\w+>$/, (_, id) => `pbx/${OFFICES[id]}`)
    .replace(/^<Pbx([a-z]+)Session\w+>$/, (_, id) => `session/${OFFICES[id]}`);

/** In the stack's policies, wildcards stand at the end. */
const isCovered = (resource: string, pattern: string) =>
  pattern.endsWith('*') ? resource.startsWith(pattern.slice(0, -1)) : resource === pattern;

/** What the roles of the deployed stack allow. */
const allowed = readAllowed();
