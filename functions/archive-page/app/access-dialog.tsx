import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { AccessTable } from './access-table.tsx';
import { announce } from './announcer.tsx';
import type { Api } from './api.ts';
import type { Access, Me, Recording } from './contract.ts';
import { callOf, zoneOf } from './describe.ts';
import { Dialog } from './dialog.tsx';
import { useDialogMessages } from './dialog-messages.ts';
import { errorText } from './error-text.ts';
import { useLocale } from './locale.tsx';
import type { DialogMessages } from './messages/dialogs-en.ts';
import { PersonForm } from './person-form.tsx';
import { readUntilFound } from './read-until-found.ts';
import { refocusRow } from './refocus-row.ts';
import { saveFile } from './save-file.ts';
import { useSharesOf } from './use-shares-of.ts';

interface AccessDialogProps {
  api: Api;
  me: Me;
  /** Only this one's; without it, those of a person. */
  recording?: Recording;
  onClose: () => void;
}

interface Of {
  pbx?: string;
  recording?: string;
  person?: string;
}

function noneOf({ person }: Of, cursor: string | undefined, { access }: DialogMessages): string {
  if (cursor !== undefined) return access.noneSoFar;
  return person === undefined ? access.none : access.noneOfPerson(person);
}

/** The access log of a recording or of a person. */
export function AccessDialog({ api, me, recording, onClose }: AccessDialogProps) {
  const { m, f } = useLocale();
  const d = useDialogMessages();
  /** Whose rows are shown. Another name may have been typed since. */
  const [of, setOf] = useState<Of>(
    recording ? { pbx: recording.pbx, recording: recording.recording } : { person: me.person },
  );
  const latest = useRef(of);
  const [rows, setRows] = useState<Access[]>();
  const shares = useSharesOf(api, of, rows);
  const [cursor, setCursor] = useState<string>();
  const [problem, setProblem] = useState<string>();

  const countOf = ({ length }: Access[], next: string | undefined) =>
    d.access.entries(f.number(length), length === 1, next !== undefined);

  const load = useCallback(
    async (before: Access[], from?: string) => {
      setProblem(undefined);
      try {
        const page = await readUntilFound(
          (next) => api.access({ ...of, ...(next !== undefined && { cursor: next }) }),
          ({ accesses }) => accesses.length > 0,
          from,
        );
        if (latest.current !== of) return;
        const all = [...before, ...page.accesses];
        setRows(all);
        setCursor(page.cursor);
        announce(all.length === 0 ? noneOf(of, page.cursor, d) : countOf(all, page.cursor));
      } catch (error) {
        if (latest.current === of) setProblem(`${d.access.failed} ${errorText(error, m, d.invalid)}`);
      }
    },
    [api, of, m, f, d],
  );
  useEffect(() => {
    latest.current = of;
    setRows(undefined);
    setCursor(undefined);
    void load([]);
  }, [load, of]);

  async function showMore(shown: Access[]): Promise<void> {
    await load(shown, cursor);
    refocusRow(shown.length);
  }

  async function saveCsv(): Promise<void> {
    setProblem(undefined);
    try {
      saveFile(await api.accessCsv(of), 'access.csv');
    } catch (error) {
      setProblem(`${d.access.failed} ${errorText(error, m, d.invalid)}`);
    }
  }

  const count = rows !== undefined && rows.length > 0 ? countOf(rows, cursor) : undefined;
  return (
    <Dialog heading={d.access.heading} onClose={onClose} wide>
      <p class="muted">{d.access.text}</p>
      {recording ? (
        <p>
          {d.access.of(callOf(recording, m))}, {f.dateTime(recording.at, zoneOf(me.pbxs, recording.pbx))}
        </p>
      ) : (
        <PersonForm initial={me.person} onFind={(person) => setOf({ person })} />
      )}
      {(of.person !== undefined || count !== undefined) && (
        <h3>{of.person === undefined ? count : d.access.ofPerson(of.person, count)}</h3>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
      {rows === undefined && problem === undefined && <p>{m.loading}</p>}
      {rows?.length === 0 && <p class="muted">{noneOf(of, cursor, d)}</p>}
      {rows !== undefined && rows.length > 0 && (
        <AccessTable rows={rows} shares={shares} pbxs={me.pbxs} withRecording={recording === undefined} />
      )}
      <div class="actions">
        {cursor !== undefined && (
          <button type="button" class="button" onClick={() => void showMore(rows ?? [])}>
            {d.access.more}
          </button>
        )}
        {rows !== undefined && rows.length > 0 && (
          <button type="button" class="button" onClick={() => void saveCsv()}>
            {d.access.csv}
          </button>
        )}
      </div>
    </Dialog>
  );
}
