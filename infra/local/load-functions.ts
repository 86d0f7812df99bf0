import type { Context } from 'aws-lambda';
import { TIMEOUT_SECONDS } from '../../functions/shared/config/limits.ts';
import type { HttpHandler, Routes } from './http-event.ts';
import { createContext, type QueueHandler } from './queue-poller.ts';

export interface SessionReport {
  sessions: { pbx: string; outcome: string; code?: string; message?: string }[];
}

export interface ReconcileReport {
  pbxs: { pbx: string; outcome: string; found: number; queued: number }[];
}

export type Reconcile = (
  request:
    | { schedule?: 'recent' | 'wide' | 'discovery'; pbx?: string; hours: number }
    | { from: string; to: string },
) => Promise<ReconcileReport>;

export interface Functions {
  archiveRecording: QueueHandler;
  indexRecording: QueueHandler;
  pbxSession: QueueHandler & ((event: object) => Promise<SessionReport>);
  reconcile: Reconcile;
  /** The functions that API Gateway would invoke, with the same routes. */
  routes: Routes;
}

/** Loads the functions, which read the environment of this process once, as they are loaded. */
export async function loadFunctions(): Promise<Functions> {
  const archiveRecording = await loadHandler<Functions['archiveRecording']>('archive-recording');
  const indexRecording = await loadHandler<Functions['indexRecording']>('index-recording');
  const reconcile =
    await loadHandler<(event: object, context: Context) => Promise<ReconcileReport>>('reconcile');
  const pbxSession = await loadHandler<Functions['pbxSession']>('pbx-session');
  const recordingLink = await loadHandler<HttpHandler>('recording-link');
  const archiveApi = await loadHandler<HttpHandler>('archive-api');
  const archivePage = await loadHandler<HttpHandler>('archive-page');
  const cdrWebhook = await loadHandler<HttpHandler>('cdr-webhook');
  return {
    archiveRecording,
    indexRecording,
    pbxSession,
    reconcile: (request) => reconcile(request, createContext(timeoutMs('reconcile'))),
    routes: {
      'GET /api/{proxy+}': archiveApi,
      'POST /api/{proxy+}': archiveApi,
      'DELETE /api/{proxy+}': archiveApi,
      'GET /': archivePage,
      'HEAD /': archivePage,
      'GET /s': archivePage,
      'HEAD /s': archivePage,
      'GET /assets/{file}': archivePage,
      'HEAD /assets/{file}': archivePage,
      'POST /reports/{pbxId}/{secret}': cdrWebhook,
      'GET /recordings/{pbxId}/{recording}': recordingLink,
      'HEAD /recordings/{pbxId}/{recording}': recordingLink,
      'GET /recordings/{pbxId}': recordingLink,
      'HEAD /recordings/{pbxId}': recordingLink,
    },
  };
}

/** Loads a function's handler by its path, as the stack does. */
async function loadHandler<Handler>(name: string): Promise<Handler> {
  const module = await import(`../../functions/${name}/handler.ts`);
  return module.handler;
}

export const timeoutMs = (feature: keyof typeof TIMEOUT_SECONDS) => 1000 * TIMEOUT_SECONDS[feature];
