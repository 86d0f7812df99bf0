import type { Api } from './api.ts';
import type { Me } from './contract.ts';
import { Dialog } from './dialog.tsx';
import { useDialogMessages } from './dialog-messages.ts';
import { useLocale } from './locale.tsx';
import { ShareList } from './share-list.tsx';

/** All links for others that the person has made. */
export function SharesDialog({ api, me, onClose }: { api: Api; me: Me; onClose: () => void }) {
  const { m } = useLocale();
  const d = useDialogMessages();
  return (
    <Dialog heading={m.menu.shares} onClose={onClose} wide>
      <ShareList heading={d.share.listAll} api={api} me={me} of={{}} />
    </Dialog>
  );
}
