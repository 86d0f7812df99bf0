import { useState } from 'preact/hooks';
import type { Api } from './api.ts';
import type { Me } from './contract.ts';
import { Dialog } from './dialog.tsx';
import { useDialogMessages } from './dialog-messages.ts';
import { useLocale } from './locale.tsx';
import { PersonForm } from './person-form.tsx';
import { ShareList } from './share-list.tsx';

/** All links for others that the person has made; with the right audit, also those of somebody else. */
export function SharesDialog({ api, me, onClose }: { api: Api; me: Me; onClose: () => void }) {
  const { m } = useLocale();
  const d = useDialogMessages();
  const [maker, setMaker] = useState(me.person);
  const areOwn = maker === me.person;
  return (
    <Dialog heading={m.menu.shares} onClose={onClose} wide>
      {me.rights.includes('audit') && <PersonForm initial={me.person} onFind={setMaker} />}
      <ShareList
        key={maker}
        heading={areOwn ? d.share.listAll : d.share.listOf(maker)}
        api={api}
        me={me}
        of={areOwn ? {} : { person: maker }}
      />
    </Dialog>
  );
}
