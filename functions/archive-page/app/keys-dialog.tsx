import { Dialog } from './dialog.tsx';
import { useDialogMessages } from './dialog-messages.ts';
import { useLocale } from './locale.tsx';
import { STEP_SECONDS } from './playback-state.ts';

interface KeysDialogProps {
  enabled: boolean;
  onEnable: (enabled: boolean) => void;
  onClose: () => void;
}

export function KeysDialog({ enabled, onEnable, onClose }: KeysDialogProps) {
  const { f } = useLocale();
  const d = useDialogMessages();
  const keys = [
    [['/'], d.keys.find],
    [['j'], d.keys.down],
    [['k'], d.keys.up],
    [[d.keys.enter], d.keys.open],
    [[d.keys.space], d.keys.toggle],
    [['←', '→'], d.keys.seek(f.number(STEP_SECONDS))],
    [['[', ']'], d.keys.speed],
    [['?'], d.keys.help],
  ] as const;
  return (
    <Dialog heading={d.keys.heading} onClose={onClose}>
      <dl class="keys">
        {keys.map(([names, meaning]) => (
          <div key={meaning}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={enabled}
          aria-describedby="keys-hint"
          onChange={(event) => onEnable(event.currentTarget.checked)}
        />
        {d.keys.enabled}
      </label>
      <p class="hint" id="keys-hint">
        {d.keys.enabledHint}
      </p>
    </Dialog>
  );
}
