import type { Recording } from './contract.ts';
import { useLocale } from './locale.tsx';
import type { Messages } from './messages/en.ts';
import { verificationOf } from './verification.ts';

/** A status that is not known stays as the PBX reported it. */
const statusOf = (status: string, { details }: Messages): string =>
  details.statuses[status.toLowerCase() as keyof Messages['details']['statuses']] ?? status;

interface DetailsProps {
  recording: Recording;
  timeZone: string;
  isOpen: boolean;
}

/** Everything that is known of a recording. */
export function Details({ recording, timeZone, isOpen }: DetailsProps) {
  const { m, f } = useLocale();
  const { callId, status, did, trunk, bytes, crc32, archivedAt, state } = recording;
  const { sentences } = verificationOf(recording, m);
  const verified = sentences.length > 0 ? sentences.join(' ') : m.verified.unknown;
  const entries: [string, string | undefined][] = [
    [m.verified.label, state === 'archived' ? verified : undefined],
    [m.details.archivedAt, archivedAt && f.dateTime(archivedAt, timeZone)],
    [m.details.size, bytes === undefined ? undefined : f.bytes(bytes)],
    [m.details.did, did],
    [m.details.trunk, trunk],
    [m.details.status, status && statusOf(status, m)],
    [m.details.callId, callId],
    [m.details.checksum, crc32],
    [m.details.name, recording.recording],
  ];
  return (
    <details class="details" open={isOpen}>
      <summary>{m.details.heading}</summary>
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
  );
}
