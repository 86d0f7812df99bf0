import type { Errno } from './errno.ts';
import type { Misbehaviour } from './misbehaviours.ts';
import type { RandomRefusal } from './randoms.ts';

/** Everything that happens at the PBX. No event contains a token, a random or a password. */
export type PbxEvent =
  | { type: 'login'; address: string; reportUrl: string | undefined }
  | { type: 'login-refused'; address: string; errno: Errno }
  | { type: 'logout' }
  | { type: 'heartbeat'; reportUrl: string | undefined }
  | { type: 'token-refreshed' }
  | { type: 'call-refused'; path: string; errno: Errno }
  | { type: 'call-made'; callId: string; recording: string; report: Record<string, unknown> }
  | { type: 'random'; resource: string }
  | { type: 'random-refused'; resource: string; reason: RandomRefusal }
  | { type: 'misbehaved'; recording: string; kind: Misbehaviour['kind'] }
  | { type: 'download-started'; recording: string; bytes: number }
  /** `complete`: the PBX sent everything it meant to send, and ended the response itself. */
  | { type: 'download-finished'; recording: string; complete: boolean }
  | { type: 'cdr-downloaded'; rows: number }
  | { type: 'report-sent'; action: string; url: string; attempt: number }
  | { type: 'report-answered'; action: string; answer: number | 'no-answer'; attempt: number }
  | { type: 'report-dropped'; action: string; reason: 'nobody-subscribed' | 'never-accepted' }
  | { type: 'rebooted' };

export interface PbxStats {
  logins: number;
  refusedLogins: number;
  heartbeats: number;
  refreshes: number;
  randoms: number;
  /** Presented more than once. */
  reusedRandoms: number;
  /** Presented more than 30 seconds after they were issued. */
  expiredRandoms: number;
  downloads: number;
  concurrentDownloads: number;
  maxConcurrentDownloads: number;
  cdrDownloads: number;
  /** All POSTs, repeats included. */
  reports: number;
  /** Method and path, without the query, which contains tokens. */
  requests: string[];
}

export function createStats(): PbxStats {
  return {
    logins: 0,
    refusedLogins: 0,
    heartbeats: 0,
    refreshes: 0,
    randoms: 0,
    reusedRandoms: 0,
    expiredRandoms: 0,
    downloads: 0,
    concurrentDownloads: 0,
    maxConcurrentDownloads: 0,
    cdrDownloads: 0,
    reports: 0,
    requests: [],
  };
}

export function countEvent(stats: PbxStats, event: PbxEvent): void {
  if (event.type === 'login') stats.logins++;
  if (event.type === 'login-refused') stats.refusedLogins++;
  if (event.type === 'heartbeat') stats.heartbeats++;
  if (event.type === 'token-refreshed') stats.refreshes++;
  if (event.type === 'random') stats.randoms++;
  if (event.type === 'random-refused' && event.reason === 'reused') stats.reusedRandoms++;
  if (event.type === 'random-refused' && event.reason === 'expired') stats.expiredRandoms++;
  if (event.type === 'cdr-downloaded') stats.cdrDownloads++;
  if (event.type === 'report-sent') stats.reports++;
  if (event.type === 'download-started') {
    stats.downloads++;
    stats.concurrentDownloads++;
    stats.maxConcurrentDownloads = Math.max(stats.maxConcurrentDownloads, stats.concurrentDownloads);
  }
  if (event.type === 'download-finished') stats.concurrentDownloads--;
}
