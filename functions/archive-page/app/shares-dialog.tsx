import type { Api } from './api.ts';
import type { Me } from './contract.ts';
import { Dialog } from './dialog.tsx';
import { useLocale } from './locale.tsx';
import { ShareList } from './share-list.tsx';

/** All links for others that the person has made. */
export function SharesDialog({ api, me, onClose }: { api: Api; me: Me; onClose: () => void }) {
  const { m } = useLocale();
  return (
    <Dialog heading={m.menu.shares} onClose={onClose} wide>
      <ShareList heading={m.share.listAll} api={api} me={me} of={{}} />
    </Dialog>
  );
}
