import { styleText } from 'node:util';
import { type LogLine, logChannel } from '../../functions/shared/telemetry/log.ts';
import { plural, toPlainText } from '../shared/text.ts';

const TIME_WIDTH = 8;
const LABEL_WIDTH = 9;

type Style = Parameters<typeof styleText>[0];

/** Prints one line: time, label and text, which may come from outside. `details` get lines of their own below it. */
export function show(label: string, text: string, style: Style = 'cyan', details: string[] = []): void {
  const time = new Date().toTimeString().slice(0, TIME_WIDTH);
  const head = `${styleText('dim', time)}  ${styleText(style, label.padEnd(LABEL_WIDTH))} `;
  const indent = ' '.repeat(TIME_WIDTH + LABEL_WIDTH + 3);
  console.log([head + toPlainText(text), ...details.map((line) => indent + toPlainText(line))].join('\n'));
}

export const formatBytes = (bytes: unknown) => `${Number(bytes).toLocaleString('en')} bytes`;

const formatSeconds = (seconds: number) =>
  seconds % 60 === 0 ? plural(seconds / 60, 'minute') : plural(seconds, 'second');

type LabelledText = [label: string, text: string, ...details: string[]];

export interface ShowLogOptions {
  /** Each line says which PBX it is about. */
  namesPbx?: boolean;
  /** What reports depend on has been set up, as in the simulated PBXs. */
  reportsAreSetUp?: boolean;
}

/** Texts for the functions' log lines, by event; `undefined` hides a line. Other lines are shown as JSON. */
const FORMATTERS: Readonly<Record<string, (line: LogLine) => LabelledText | undefined>> = {
  'session-opened': ({ reportsIf, postsReports }) => {
    if (postsReports === false)
      return ['session', `logged in, but the PBX posts no reports. It does so ${reportsIf}`];
    return [
      'session',
      reportsIf === undefined
        ? 'logged in; the PBX now posts its reports to the webhook'
        : `logged in; the PBX posts its reports, ${reportsIf}`,
    ];
  },
  'session-rejected-by-pbx': () => ['session', 'the PBX no longer knows the session; logging in again'],
  'session-down': ({ message, code }) => ['session', `not logged in: ${message ?? code}`],
  'login-refused': () => ['session', 'the PBX refused the login'],
  'session-up': ({ outcome }) => (outcome === 'kept-alive' ? ['session', 'kept alive'] : undefined),
  'job-queued': ({ recording }) => ['report', `call ended; job queued for ${recording}`],
  'report-ignored': ({ report }) => ['report', `${report}: nothing to archive`],
  'report-rejected': () => [
    'report',
    'refused: its signature, or the secret in its address, is wrong. For a P-Series, compare the secret of the webhook',
  ],
  'report-dead-lettered': ({ reason }) => ['report', `sent to the dead-letter queue: ${reason}`],
  'boot-up-reported': () => ['report', 'the PBX has restarted; requesting a new session'],
  'random-received': ({ recording }) => [
    'random',
    `single-use random string received  ${shorten(recording)}`,
  ],
  'download-started': ({ contentLength, recording }) => {
    const size = contentLength === undefined ? 'size unknown' : formatBytes(contentLength);
    return ['download', `started, ${size}  ${shorten(recording)}`];
  },
  archived: (line) => describeStored(line),
  'recording-replaced': (line) => describeStored(line, ' (replaces a shorter one)'),
  'stored-beside': (line) => describeStored(line, ' (another recording has its name)'),
  'already-archived': ({ key }) => ['stored', `${key} is already archived`],
  'retry-scheduled': ({ recording, reason, retryInSeconds, attempt }) => [
    'retry',
    `${recording} in ${formatSeconds(Number(retryInSeconds))} (attempt ${Number(attempt) + 1}): ${reason}`,
  ],
  'pbx-busy': ({ recording, retryInSeconds }) => [
    'waiting',
    `${recording}: the PBX is preparing another download; again in ${formatSeconds(Number(retryInSeconds))}`,
  ],
  'job-dead-lettered': ({ recording, reason }) => [
    'given up',
    `${recording}: ${reason} Sent to the dead-letter queue.`,
  ],
  'recording-lost': ({ recording }) => ['lost', `${recording}: the PBX no longer has it`],
  'not-recorded': ({ recording }) => [
    'no audio',
    `${recording}: nobody answered, and the PBX has no recording`,
  ],
  'duplicate-dropped': ({ recording }) => ['given up', `${recording}: a second job for it`],
  'erased-dropped': ({ recording }) => ['given up', `${recording}: it was erased on request`],
  // The message is for those who deploy: here, an option says what cdk.json says there.
  'pbx-clock-wrong': ({ timeZone, isZoneWrong }) => [
    'clock',
    isZoneWrong
      ? `right, but in another time zone than ${timeZone}, so missed recordings may not be found. Start again with that of the PBX as --time-zone.`
      : `wrong, so missed recordings may not be found. Set the time server of the PBX, and check that ${timeZone} is its time zone (--time-zone).`,
  ],
  'missing-recording-queued': () => undefined,
  'recording-indexed': () => undefined,
  'recording-unindexed': () => undefined,
  'index-repaired': ({ written, deleted }) => [
    'index',
    `${plural(Number(written), 'row')} written and ${deleted} deleted, to match the bucket`,
  ],
  reconciled: ({ queued }) =>
    queued === 0
      ? undefined
      : [
          'missed',
          `${plural(Number(queued), 'recording')} without a report, found in the PBX's call log; jobs queued`,
        ],
  searched: () => undefined,
  // The page asks this first, to learn whether somebody is signed in.
  'api-unauthorized': ({ route }) =>
    route === 'GET /api/me' ? undefined : ['page', `${route} refused: not signed in, or a wrong token`],
  'signed-in': () => ['page', 'somebody has signed in'],
  'sign-in-refused': () => ['page', 'somebody has entered a wrong token'],
  'share-created': ({ recording }) => ['share', `link for others created  ${shorten(recording)}`],
  'share-opened': ({ recording }) => ['share', `link for others opened  ${shorten(recording)}`],
  'share-continued': ({ recording }) => ['share', `link for others continued  ${shorten(recording)}`],
  'share-refused': ({ recording, reason }) => [
    'share',
    `link for others not opened (${String(reason).replaceAll('-', ' ')})${recording === undefined ? '' : `  ${shorten(recording)}`}`,
  ],
  'share-revoked': ({ recording }) => ['share', `link for others revoked  ${shorten(recording)}`],
  'link-created': ({ recording, expiresIn }) => [
    'link',
    `${recording}, valid for ${formatSeconds(Number(expiresIn))}`,
  ],
};

function describeStored({ key, bytes, crc32, ms, attempt, verifiedBy }: LogLine, remark = ''): LabelledText {
  const evidence = `${formatBytes(bytes)}, CRC32 ${crc32}, ${ms} ms, attempt ${attempt}`;
  return ['stored', `${key}${remark}`, evidence, `verified by ${String(verifiedBy).replaceAll(' ', ', ')}`];
}

const STYLES = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red' } as const;

/** Shows the functions' log lines until the returned function is called. */
export function showLog({ namesPbx = false, reportsAreSetUp = false }: ShowLogOptions = {}): () => void {
  const nameOf = ({ pbx }: LogLine) => (namesPbx && pbx !== undefined ? `${pbx}: ` : '');
  const progress = createProgress(nameOf);
  const listener = (message: unknown) => {
    const line = message as LogLine;
    if (line.event === 'download-progress') return progress.show(line);
    const { level, event, ...fields } = line;
    const format = FORMATTERS[event] ?? ((): LabelledText => [level, `${event} ${JSON.stringify(fields)}`]);
    const labelledText = format(reportsAreSetUp ? { ...line, reportsIf: undefined } : line);
    if (labelledText === undefined) return;
    const [label, text, ...details] = labelledText;
    show(label, nameOf(line) + text, STYLES[level], details);
  };
  logChannel.subscribe(listener);
  return () => {
    logChannel.unsubscribe(listener);
  };
}

/** Shows how far a download is when its first bytes arrive, and each time it has grown fourfold. */
function createProgress(nameOf: (line: LogLine) => string) {
  const nextBytes = new Map<unknown, number>();
  return {
    show(line: LogLine) {
      const { recording, bytes } = line;
      if (Number(bytes) < (nextBytes.get(recording) ?? 0)) return;
      nextBytes.set(recording, Number(bytes) * 4);
      show('download', `${nameOf(line)}${formatBytes(bytes)} so far  ${shorten(recording)}`, 'dim');
    },
  };
}

/** The end of a name is enough to tell concurrent downloads apart. */
const shorten = (recording: unknown) => `…${String(recording).slice(-24)}`;
