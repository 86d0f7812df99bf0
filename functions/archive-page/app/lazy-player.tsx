import type { Recording } from './contract.ts';
import { useLocale } from './locale.tsx';
import type { PlayerPanelProps } from './player-panel.tsx';
import { ReloadButton } from './reload-button.tsx';
import { usePart } from './use-part.ts';

interface PlayerProps extends Omit<PlayerPanelProps, 'recording'> {
  recording: Recording | undefined;
}

/** The player is loaded beside the first search, before anything is opened. */
export function Player({ recording, ...props }: PlayerProps) {
  const { m } = useLocale();
  const part = usePart(() => import('./player-panel.tsx'));
  if (recording === undefined || part === undefined) return null;
  if (part !== 'failed') return <part.PlayerPanel {...props} recording={recording} />;
  return (
    <section id="player" class="player" tabIndex={-1} aria-label={m.player.label}>
      <p role="alert">{m.error.notLoaded}</p>
      <div class="tools">
        <ReloadButton />
        <button type="button" class="button" onClick={props.onClose}>
          {m.player.close}
        </button>
      </div>
    </section>
  );
}
