import { useState } from 'preact/hooks';
import { MAX_PERSON_LENGTH } from '../../shared/api/input-limits.ts';
import type { Api } from './api.ts';
import type { Me } from './contract.ts';
import { Dialog } from './dialog.tsx';
import { useDialogMessages } from './dialog-messages.ts';
import { Input } from './field.tsx';
import { useLocale } from './locale.tsx';
import { ShareList } from './share-list.tsx';

/** All links for others that the person has made; with the right audit, also those of somebody else. */
export function SharesDialog({ api, me, onClose }: { api: Api; me: Me; onClose: () => void }) {
  const { m } = useLocale();
  const d = useDialogMessages();
  const [person, setPerson] = useState(me.person);
  const [maker, setMaker] = useState(me.person);
  const areOwn = maker === me.person;
  return (
    <Dialog heading={m.menu.shares} onClose={onClose} wide>
      {me.rights.includes('audit') && (
        <form
          class="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            setMaker(person);
          }}
        >
          <Input
            label={d.access.person}
            hint={d.access.personHint}
            required
            maxLength={MAX_PERSON_LENGTH}
            value={person}
            onValue={setPerson}
          />
          <button type="submit" class="button">
            {d.access.find}
          </button>
        </form>
      )}
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
