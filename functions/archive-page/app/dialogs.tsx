import { AccessDialog } from './access-dialog.tsx';
import type { DialogsProps } from './dialog-names.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { ShareDialog } from './share-dialog.tsx';
import { SharesDialog } from './shares-dialog.tsx';

/** The dialog of this name. Those of a recording show nothing without one. */
export function OpenDialog(props: DialogsProps) {
  const { name, api, me, recording, keysEnabled, onKeysEnabled, onClose } = props;
  const common = { api, me, onClose };
  switch (name) {
    case 'keys':
      return <KeysDialog enabled={keysEnabled} onEnable={onKeysEnabled} onClose={onClose} />;
    case 'shares':
      return <SharesDialog {...common} />;
    case 'access':
      return <AccessDialog {...common} />;
    case 'access-of':
      return recording ? <AccessDialog {...common} recording={recording} /> : null;
    case 'share':
      return recording ? <ShareDialog {...common} recording={recording} /> : null;
  }
}
