import { styleText } from 'node:util';
import type { Call } from '../../../functions/shared/jobs/call.ts';
import { plural, toPlainText, wrap } from '../../shared/text.ts';
import type { Deployment } from '../deployment.ts';
import type { DeadLetter } from './dead-letter.ts';
import { TAKEN_SECONDS, type TakenDeadLetters } from './dead-letter-queue.ts';
import { describeSelection, type Selection } from './selection.ts';

const MAX_WIDTH = 100;
const MIN_WIDTH = 40;
const INDENT = '  ';
/** Limit for the text of a message that is not a job. --json prints all of it. */
const MAX_TEXT_LENGTH = 600;

/** Enough to tell dead letters apart, and for use with --id. */
const shortId = ({ id }: DeadLetter) => id.slice(0, 8);

/** Describes a dead letter for somebody who was woken by an alarm: why, which call, since when. */
export function describeDeadLetter(deadLetter: DeadLetter, columns = MAX_WIDTH): string {
  const width = Math.max(Math.min(columns, MAX_WIDTH), MIN_WIDTH) - INDENT.length;
  const { code, pbx = 'PBX unknown', message } = deadLetter;
  const head = `${styleText('bold', shortId(deadLetter))}  ${styleText('red', toPlainText(code))}  ${toPlainText(pbx)}`;
  const lines = [message, ...describeContent(deadLetter), describeAttempts(deadLetter)];
  const wrapped = lines.flatMap((line) => wrap(toPlainText(line), width));
  return [head, ...wrapped.map((line) => INDENT + line)].join('\n');
}

/** The call concerned, if it is known. */
function describeContent({ content, body }: DeadLetter): string[] {
  switch (content.kind) {
    case 'job':
      return [content.job.recording, describeCall(content.job.call)];
    case 'report':
      return [`A report received at ${formatTime(content.reportedAt)}`, shorten(content.report)];
    case 'session-request':
      return [`A request to log in again: the PBX restarted at ${formatTime(content.bootedAt)}`];
    case 'bucket-event': {
      const { about, key, type, time } = content.event;
      return [about?.recording ?? key, `${type}, ${formatTime(time)}`];
    }
    case 'archive-event': {
      const { type, time, detail } = content.event;
      return [`${type}, ${formatTime(time)}`, `recordingId ${detail.recordingId}`];
    }
    case 'unknown':
      return ['Neither a job nor a report nor an event', shorten(body)];
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
  text.length <= MAX_TEXT_LENGTH
    ? text
    : `${text.slice(0, MAX_TEXT_LENGTH)} … (${text.length} characters; --json has all)`;

/** In this machine's time zone. The Swedish locale formats dates as in ISO 8601. */
const formatTime = (iso: string) =>
  new Date(iso).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'long' });

/** Counts the dead letters, by code and by PBX, and says how to go on with the same selection. */
export function summarize(
  deadLetters: readonly DeadLetter[],
  { name, options }: Deployment,
  selection: Selection = {},
): string {
  return [
    `${plural(deadLetters.length, 'dead letter')} in ${name}:`,
    `${INDENT}by code  ${countBy(deadLetters, ({ code }) => code)}`,
    `${INDENT}by PBX   ${countBy(deadLetters, ({ pbx = 'unknown' }) => pbx)}`,
    `What to do, by code: ${sectionsFor(deadLetters)}. Once the cause is fixed, send them back:`,
    `${INDENT}npm run redrive -- ${describeSelection(selection)}${options}`,
  ].join('\n');
}

const SECTIONS = new Map([
  ['bucket-event', 'not-indexed'],
  ['archive-event', 'events-not-delivered'],
]);

/** The sections of the runbook that are about these dead letters. */
function sectionsFor(deadLetters: readonly DeadLetter[]): string {
  const sections = deadLetters.map(({ content }) => SECTIONS.get(content.kind) ?? 'dead-letters');
  return [...new Set(sections)]
    .sort()
    .map((section) => `docs/runbook.md#${section}`)
    .join(', ');
}

function countBy(deadLetters: readonly DeadLetter[], keyOf: (deadLetter: DeadLetter) => string): string {
  const groups = [...Map.groupBy(deadLetters, keyOf)].sort(([, one], [, other]) => other.length - one.length);
  return groups.map(([key, { length }]) => `${toPlainText(key)} ${length}`).join(', ');
}

/** Says whether a dead letter was sent back. */
export function describeOutcome(deadLetter: DeadLetter, problem: string | undefined): string {
  const [what = ''] = describeContent(deadLetter);
  return problem === undefined
    ? `${styleText('green', 'sent ')}  ${shortId(deadLetter)}  ${toPlainText(what)}`
    : `${styleText('yellow', 'stays')}  ${shortId(deadLetter)}  ${toPlainText(`${what}: ${problem}`)}`;
}

/** Says that there are no dead letters, or none that match. */
export function describeAbsence(
  { deadLetters }: Pick<TakenDeadLetters, 'deadLetters'>,
  { name }: Deployment,
): string {
  return deadLetters.length === 0
    ? `There are no dead letters in ${name}.`
    : `${plural(deadLetters.length, 'dead letter')} in ${name}; none matches.`;
}

/** Says that there are more dead letters, which another command has taken. */
export function describeTakenByOthers(count: number): string {
  return `About ${count} more are hidden, because another command is using them or was stopped. They reappear within ${TAKEN_SECONDS / 60} minutes.`;
}
