import type { Recording } from './contract.ts';
import { type Language, useLocale } from './locale.tsx';
import { de } from './messages/details-de.ts';
import { type DetailsMessages, en } from './messages/details-en.ts';
import type { Claim } from './verification.ts';

const MESSAGES: Readonly<Record<Language, DetailsMessages>> = { en, de };

/** A status that is not known stays as the PBX reported it. */
const statusOf = (status: string, { statuses }: DetailsMessages): string =>
  statuses[status.toLowerCase() as keyof DetailsMessages['statuses']] ?? status;

export interface DetailsProps {
  recording: Recording;
  /** What is known about its completeness. */
  claims: readonly Claim[];
  timeZone: string;
  isOpen: boolean;
}

/** Everything that is known of a recording. */
export function Details({ recording, claims, timeZone, isOpen }: DetailsProps) {
  const { f, language } = useLocale();
  const d = MESSAGES[language];
  const { callId, status, did, trunk, bytes, crc32, archivedAt, state } = recording;
  const verified = claims.length > 0 ? claims.map((claim) => d.claims[claim]).join(' ') : d.notVerified;
  const entries: [string, string | undefined][] = [
    [d.verified, state === 'archived' ? verified : undefined],
    [d.archivedAt, archivedAt && f.dateTime(archivedAt, timeZone)],
    [d.size, bytes === undefined ? undefined : f.bytes(bytes)],
    [d.did, did],
    [d.trunk, trunk],
    [d.status, status && statusOf(status, d)],
    [d.callId, callId],
    [d.checksum, crc32],
    [d.name, recording.recording],
  ];
  return (
    <>
      {state !== 'archived' && <p>{d.stateMeaning[state]}</p>}
      <details class="details" open={isOpen}>
        <summary>{d.heading}</summary>
        <dl>
          {entries.map(
            ([term, text]) =>
              text !== undefined &&
              text !== '' && (
                <div key={term}>
                  <dt>{term}</dt>
                  <dd>{text}</dd>
                </div>
              ),
          )}
        </dl>
      </details>
    </>
  );
}
