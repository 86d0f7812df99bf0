import { useEffect, useRef, useState } from 'preact/hooks';
import { MAX_NOTE_LENGTH, MAX_PASSCODE_LENGTH, MIN_PASSCODE_LENGTH } from '../../shared/api/input-limits.ts';
import { announce } from './announcer.tsx';
import type { Api } from './api.ts';
import type { CreatedShare, Me, Recording } from './contract.ts';
import { callOf, zoneOf } from './describe.ts';
import { Dialog } from './dialog.tsx';
import { useDialogMessages } from './dialog-messages.ts';
import { errorText } from './error-text.ts';
import { Field, Input, Select } from './field.tsx';
import { useLocale } from './locale.tsx';
import { refocus } from './refocus.ts';
import { ShareList } from './share-list.tsx';

interface ShareDialogProps {
  api: Api;
  me: Me;
  recording: Recording;
  onClose: () => void;
}

/** Makes a link for somebody who cannot sign in, if the person may, and lists those that there are to the recording. */
export function ShareDialog({ api, me, recording, onClose }: ShareDialogProps) {
  const { m, f } = useLocale();
  const d = useDialogMessages();
  const [created, setCreated] = useState<CreatedShare>();
  const mayShare = me.rights.includes('share');
  return (
    <Dialog heading={mayShare ? d.share.heading : m.menu.shares} onClose={onClose} wide>
      <p class="muted">
        {callOf(recording, m)}, {f.dateTime(recording.at, zoneOf(me.pbxs, recording.pbx))}
      </p>
      {mayShare && !created && <ShareForm api={api} me={me} recording={recording} onCreated={setCreated} />}
      {created && <Created url={created.url} onAnother={() => setCreated(undefined)} />}
      <ShareList
        key={created?.share.id ?? ''}
        heading={d.share.list}
        api={api}
        me={me}
        of={{ pbx: recording.pbx, recording: recording.recording }}
        created={created?.share}
      />
    </Dialog>
  );
}

interface ShareFormProps extends Omit<ShareDialogProps, 'onClose'> {
  onCreated: (share: CreatedShare) => void;
}

function ShareForm({ api, me, recording, onCreated }: ShareFormProps) {
  const { m, f } = useLocale();
  const d = useDialogMessages();
  const { maxDays, defaultDays } = me.shares;
  const [days, setDays] = useState(String(defaultDays));
  const [passcode, setPasscode] = useState('');
  const [maxPlays, setMaxPlays] = useState('');
  const [download, setDownload] = useState(false);
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // The button for another link is gone.
  useEffect(() => refocus(form.current?.querySelector('select')), []);
  const choices = [...new Set([1, 3, 7, 14, 30, 90, defaultDays, maxDays])]
    .filter((n) => n <= maxDays)
    .sort((a, b) => a - b);

  async function create(event: Event): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const share = await api.createShare({
        pbx: recording.pbx,
        recording: recording.recording,
        days: Number(days),
        download,
        ...(passcode !== '' && { passcode }),
        ...(maxPlays !== '' && { maxPlays: Number(maxPlays) }),
        ...(note.trim() !== '' && { note: note.trim() }),
      });
      onCreated(share);
    } catch (error) {
      setProblem(`${d.share.failed} ${errorText(error, m, d.invalid)}`);
      setBusy(false);
    }
  }

  return (
    <form ref={form} class="share-form" onSubmit={(event) => void create(event)}>
      <p>{d.share.text}</p>
      <div class="columns">
        <Select
          label={d.share.ends}
          value={days}
          options={choices.map((n) => [String(n), d.share.day(f.number(n), n === 1)] as const)}
          onChange={setDays}
        />
        <Select
          label={d.share.maxPlays}
          value={maxPlays}
          options={[
            ['', d.share.unlimited],
            ...[1, 2, 3, 5, 10, 20].map((n) => [String(n), d.share.times(f.number(n), n === 1)] as const),
          ]}
          onChange={setMaxPlays}
        />
        <Input
          label={d.share.passcode}
          hint={d.share.passcodeHint}
          autocomplete="off"
          minLength={MIN_PASSCODE_LENGTH}
          maxLength={MAX_PASSCODE_LENGTH}
          value={passcode}
          onValue={setPasscode}
        />
        <Input
          label={d.share.note}
          hint={d.share.noteHint}
          maxLength={MAX_NOTE_LENGTH}
          value={note}
          onValue={setNote}
        />
      </div>
      {me.rights.includes('download') && (
        <label class="check">
          <input
            type="checkbox"
            checked={download}
            onChange={(event) => setDownload(event.currentTarget.checked)}
          />
          {d.share.download}
        </label>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="button primary" aria-disabled={isBusy}>
        {d.share.create}
      </button>
    </form>
  );
}

function Created({ url, onAnother }: { url: string; onAnother: () => void }) {
  const { m } = useLocale();
  const d = useDialogMessages();
  const [status, setStatus] = useState('');
  useEffect(() => {
    announce(d.share.created);
    document.querySelector<HTMLInputElement>('[data-share-url]')?.focus();
  }, [m]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(url);
      setStatus(m.copied);
    } catch {
      setStatus(m.copyFailed);
    }
  }

  return (
    <div class="created">
      <p class="notice">{d.share.created}</p>
      <Field label={d.share.url}>
        {(control) => (
          <div class="copy">
            <input
              {...control}
              type="text"
              readOnly
              data-share-url=""
              value={url}
              onFocus={(event) => event.currentTarget.select()}
            />
            <button type="button" class="button primary" onClick={() => void copy()}>
              {m.copy}
            </button>
          </div>
        )}
      </Field>
      <p class="player-status" role="status">
        {status}
      </p>
      <button type="button" class="button" onClick={onAnother}>
        {d.share.another}
      </button>
    </div>
  );
}
