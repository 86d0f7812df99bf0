import { styleText } from 'node:util';
import { type LogLine, logChannel } from '../../functions/shared/telemetry/log.ts';
import { plural } from '../shared/text.ts';

const LABEL_WIDTH = 9;

type Style = Parameters<typeof styleText>[0];

/** One line: the time, what it is about, and the rest. */
export function show(label: string, text: string, style: Style = 'cyan'): void {
  const time = new Date().toTimeString().slice(0, 8);
  console.log(`${styleText('dim', time)}  ${styleText(style, label.padEnd(LABEL_WIDTH))} ${text}`);
}

export const formatBytes = (bytes: unknown) => `${Number(bytes).toLocaleString('en')} bytes`;

type Told = [label: string, text: string];

/** How the functions' log lines are told to a person. Lines that are not here are shown as they are. */
const TELL: Readonly<Record<string, (line: LogLine) => Told | undefined>> = {
  'session-opened': () => ['session', 'logged in; the PBX now posts its reports to the webhook'],
  'session-up': ({ outcome }) => (outcome === 'kept-alive' ? ['session', 'kept alive'] : undefined),
  'job-queued': ({ recording }) => ['report', `a call has ended; job queued for ${recording}`],
  'report-ignored': ({ report }) => ['report', `${report}: nothing to archive`],
  'boot-up-reported': () => ['report', 'the PBX has restarted; asking for a new session'],
  'random-received': ({ recording }) => ['random', `one-use random string received  ${short(recording)}`],
  'download-started': ({ contentLength, recording }) => {
    const size = contentLength === undefined ? 'length unknown' : formatBytes(contentLength);
    return ['download', `${size}  ${short(recording)}`];
  },
  archived: ({ key, bytes, crc32, ms, attempt }) => [
    'stored',
    `${key}\n${' '.repeat(LABEL_WIDTH + 11)}${formatBytes(bytes)}, CRC32 ${crc32}, ${ms} ms, attempt ${attempt}`,
  ],
  'already-archived': ({ key }) => ['stored', `${key} was there already`],
  'retry-scheduled': ({ recording, reason, retryInSeconds }) => [
    'later',
    `${recording}: ${reason} Next attempt in ${plural(Number(retryInSeconds), 'second')}.`,
  ],
  'job-dead-lettered': ({ recording, reason }) => [
    'given up',
    `${recording}: ${reason} It is in the dead-letter queue.`,
  ],
  'missing-recording-queued': () => undefined,
  reconciled: ({ queued }) =>
    queued === 0
      ? undefined
      : [
          'missed',
          `no report told of ${plural(Number(queued), 'recording')}; jobs queued by the PBX's call log`,
        ],
  'link-created': ({ recording, expiresIn }) => ['link', `${recording}, good for ${expiresIn} seconds`],
};

const STYLES = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red' } as const;

/** Shows the functions' log lines until the returned function is called. */
export function showLog(): () => void {
  const progress = createProgress();
  const listener = (message: unknown) => {
    const line = message as LogLine;
    if (line.event === 'download-progress') return progress.show(line);
    const { level, event, ...fields } = line;
    const tell = TELL[event] ?? ((): Told => [level, `${event} ${JSON.stringify(fields)}`]);
    const told = tell(line);
    if (told !== undefined) show(...told, STYLES[level]);
  };
  logChannel.subscribe(listener);
  return () => {
    logChannel.unsubscribe(listener);
  };
}

/** Tells a download's bytes when it begins to flow, and each time that it has grown fourfold. */
function createProgress() {
  const next = new Map<unknown, number>();
  return {
    show({ recording, bytes }: LogLine) {
      if (Number(bytes) < (next.get(recording) ?? 0)) return;
      next.set(recording, Number(bytes) * 4);
      show('download', `${formatBytes(bytes)} so far  ${short(recording)}`, 'dim');
    },
  };
}

/** The end of a name tells concurrent downloads apart. */
const short = (recording: unknown) => `…${String(recording).slice(-24)}`;
