import { Dialog } from './dialog.tsx';
import { useLocale } from './locale.tsx';

interface KeysDialogProps {
  enabled: boolean;
  onEnable: (enabled: boolean) => void;
  onClose: () => void;
}

export function KeysDialog({ enabled, onEnable, onClose }: KeysDialogProps) {
  const { m } = useLocale();
  const keys = [
    [['/'], m.keys.find],
    [['j'], m.keys.down],
    [['k'], m.keys.up],
    [[m.keys.enter], m.keys.open],
    [[m.keys.space], m.keys.toggle],
    [['←', '→'], m.keys.seek],
    [['[', ']'], m.keys.speed],
    [['?'], m.keys.help],
  ] as const;
  return (
    <Dialog heading={m.keys.heading} onClose={onClose}>
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
        {m.keys.enabled}
      </label>
      <p class="hint" id="keys-hint">
        {m.keys.enabledHint}
      </p>
    </Dialog>
  );
}
