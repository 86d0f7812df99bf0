import { useState } from 'preact/hooks';
import { MAX_PERSON_LENGTH } from '../../shared/api/input-limits.ts';
import { useDialogMessages } from './dialog-messages.ts';
import { Input } from './field.tsx';

/** Asks whose entries a dialog should show. */
export function PersonForm({ initial, onFind }: { initial: string; onFind: (person: string) => void }) {
  const d = useDialogMessages();
  const [person, setPerson] = useState(initial);
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        onFind(person);
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
  );
}
