import type { Pbx, Recording } from './contract.ts';
import { callOf, directionOf, lineOf, zoneOf } from './describe.ts';
import { isUnsupported } from './formats-supported.ts';
import { Icon, type IconName } from './icons.tsx';
import { useLocale } from './locale.tsx';
import { verificationOf } from './verification.ts';

interface RowProps {
  recording: Recording;
  pbxs: readonly Pbx[];
  saysZone: boolean;
  isOpen: boolean;
  isPlaying: boolean;
  onOpen: () => void;
}

const DIRECTION_ICONS: Readonly<Record<string, IconName>> = {
  inbound: 'inbound',
  outbound: 'outbound',
  internal: 'internal',
};

export function Row({ recording, pbxs, saysZone, isOpen, isPlaying, onOpen }: RowProps) {
  const locale = useLocale();
  const { m, f } = locale;
  const { at, pbx, from, to, type = '', seconds, codec, state } = recording;
  const timeZone = zoneOf(pbxs, pbx);
  const directionIcon = DIRECTION_ICONS[type.toLowerCase()];
  const isArchived = state === 'archived';
  const action = !isArchived ? m.results.open : isPlaying ? m.player.pause : m.results.play;
  return (
    <tr aria-current={isOpen ? 'true' : undefined} class={`row is-${state}`}>
      <td class="cell-action">
        <button
          type="button"
          class="row-button"
          aria-label={`${action}: ${lineOf(recording, timeZone, locale)}`}
          title={action}
          onClick={onOpen}
        >
          <Icon name={!isArchived ? 'details' : isPlaying ? 'pause' : 'play'} />
        </button>
        {isOpen && (
          <a class="skip" href="#player">
            {m.skipToPlayer}
          </a>
        )}
      </td>
      <th scope="row" class="cell-time">
        <time dateTime={at}>{f.time(at, timeZone)}</time>
        {saysZone && <small> {f.zone(at, timeZone)}</small>}
      </th>
      {pbxs.length > 1 && <td class="cell-pbx">{pbx}</td>}
      <td class="cell-from" title={callOf(recording, m)}>
        {from ?? <span class="muted">{m.results.unknownNumber}</span>}
      </td>
      <td class="cell-to">{to ?? <span class="muted">{m.results.unknownNumber}</span>}</td>
      <td class="cell-direction">
        {directionIcon && <Icon name={directionIcon} />}
        {directionOf(recording, m)}
      </td>
      <td class="cell-length">
        {seconds !== undefined && (
          <>
            <span aria-hidden="true">{f.clock(seconds)}</span>
            <span class="visually-hidden">{f.duration(seconds)}</span>
          </>
        )}
      </td>
      <td class="cell-format">
        {codec !== undefined && m.codec[codec]} {codec === 'gsm' && <small>{m.format.gsm}</small>}
        {isUnsupported(recording) && <small>{m.format.unsupported}</small>}
      </td>
      <td class="cell-state">
        <State recording={recording} />
      </td>
    </tr>
  );
}

function State({ recording }: { recording: Recording }) {
  const { m } = useLocale();
  const { state } = recording;
  const { verdict } = verificationOf(recording);
  return (
    <>
      <span class={`state is-${verdict === 'doubtful' && state === 'archived' ? verdict : state}`}>
        {m.state[state]}
      </span>{' '}
      <small>{state === 'archived' ? verdict && m.verified[verdict] : m.stateShort[state]}</small>
    </>
  );
}
