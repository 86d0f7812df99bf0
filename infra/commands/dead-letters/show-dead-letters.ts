import { styleText } from 'node:util';
import type { Call } from '../../../functions/shared/jobs/job.ts';
import { plural, toPlainText, wrap } from '../../shared/text.ts';
import type { Deployment } from '../deployment.ts';
import type { DeadLetter } from './dead-letter.ts';
import { TAKEN_SECONDS, type TakenDeadLetters } from './dead-letter-queue.ts';

const MAX_WIDTH = 100;
const MIN_WIDTH = 40;
const INDENT = '  ';
/** Of a text that is not a job; all of it is in what --json prints. */
const MAX_TEXT = 600;

/** Enough to tell dead letters apart, and for --id. */
const shortId = ({ id }: DeadLetter) => id.slice(0, 8);

/** A dead letter as a person wants to see it at night: why, which call, since when. */
export function describeDeadLetter(deadLetter: DeadLetter, columns = MAX_WIDTH): string {
  const width = Math.max(Math.min(columns, MAX_WIDTH), MIN_WIDTH) - INDENT.length;
  const { code, pbx = 'PBX unknown', message } = deadLetter;
  const head = `${styleText('bold', shortId(deadLetter))}  ${styleText('red', toPlainText(code))}  ${toPlainText(pbx)}`;
  const lines = [message, ...describeContent(deadLetter), describeAttempts(deadLetter)];
  const wrapped = lines.flatMap((line) => wrap(toPlainText(line), width));
  return [head, ...wrapped.map((line) => INDENT + line)].join('\n');
}

/** Which call it is about, if that is known. */
function describeContent({ content, body }: DeadLetter): string[] {
  switch (content.kind) {
    case 'job':
      return [content.job.recording, describeCall(content.job.call)];
    case 'report':
      return [`A report that came at ${formatTime(content.reportedAt)}`, shorten(content.report)];
    case 'session-request':
      return [`A request to log in again: the PBX restarted at ${formatTime(content.bootedAt)}`];
    case 'unknown':
      return ['Neither a job nor a report', shorten(body)];
  }
}

function describeCall({ from = '?', to = '?', start, type, status, talkSeconds, trunk }: Call): string {
  const talk = talkSeconds && `${talkSeconds} s`;
  return [`${from} → ${to}`, start, talk, type, status, trunk].filter(Boolean).join(', ');
}

function describeAttempts({ attempts, firstAt, lastAt }: DeadLetter): string {
  const count = plural(attempts, 'attempt');
  if (lastAt === undefined) return `At most ${count}, since ${formatTime(firstAt)}`;
  if (lastAt === firstAt) return `${count}, ${formatTime(firstAt)}`;
  return `${count}, ${formatTime(firstAt)} to ${formatTime(lastAt)}`;
}

const shorten = (text: string) =>
  text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)} … (${text.length} characters; --json has all)`;

/** In this machine's time zone. Sweden writes dates as ISO 8601 does. */
const formatTime = (iso: string) =>
  new Date(iso).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'long' });

/** How many there are, by code and by PBX. */
export function summarize(deadLetters: readonly DeadLetter[], { name }: Deployment): string {
  return [
    `${plural(deadLetters.length, 'dead letter')} in ${name}, each listed once:`,
    `${INDENT}by code  ${countBy(deadLetters, ({ code }) => code)}`,
    `${INDENT}by PBX   ${countBy(deadLetters, ({ pbx = 'unknown' }) => pbx)}`,
    'When what was in the way is gone, npm run redrive sends them back.',
  ].join('\n');
}

function countBy(deadLetters: readonly DeadLetter[], keyOf: (deadLetter: DeadLetter) => string): string {
  const groups = [...Map.groupBy(deadLetters, keyOf)].sort(([, one], [, other]) => other.length - one.length);
  return groups.map(([key, { length }]) => `${toPlainText(key)} ${length}`).join(', ');
}

/** What became of a dead letter that was to be sent back. */
export function describeOutcome(deadLetter: DeadLetter, problem: string | undefined): string {
  const [what = ''] = describeContent(deadLetter);
  return problem === undefined
    ? `${styleText('green', 'sent ')}  ${shortId(deadLetter)}  ${toPlainText(what)}`
    : `${styleText('yellow', 'stays')}  ${shortId(deadLetter)}  ${toPlainText(`${what}: ${problem}`)}`;
}

/** Says that there is nothing of what was asked for. */
export function describeAbsence(
  { deadLetters }: Pick<TakenDeadLetters, 'deadLetters'>,
  { name }: Deployment,
): string {
  return deadLetters.length === 0
    ? `There are no dead letters in ${name}.`
    : `Of ${plural(deadLetters.length, 'dead letter')} in ${name}, none matches.`;
}

/** Says of dead letters that another command looks at that they are there too. */
export function describeTakenByOthers(count: number): string {
  return `About ${count} more are being looked at, by another command or by one that was stopped: they can be seen again within ${TAKEN_SECONDS / 60} minutes.`;
}
