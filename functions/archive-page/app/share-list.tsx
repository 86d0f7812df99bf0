import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { announce } from './announcer.tsx';
import type { Api } from './api.ts';
import { archiveNow } from './archive-clock.ts';
import type { Me, Share } from './contract.ts';
import { zoneOf } from './describe.ts';
import { useDialogMessages } from './dialog-messages.ts';
import { errorText } from './error-text.ts';
import { type Locale, useLocale } from './locale.tsx';
import type { DialogMessages } from './messages/dialogs-en.ts';
import { readUntilFound } from './read-until-found.ts';
import { RecordingCell } from './recording-cell.tsx';
import { refocusRow } from './refocus-row.ts';
import { ScrollBox } from './scroll-box.tsx';

interface ShareListProps {
  heading: string;
  api: Api;
  me: Me;
  /** Nothing, for those of the person who is signed in. */
  of: { pbx?: string; recording?: string; person?: string };
  /** One that has just been made: the list may be behind it. */
  created?: Share | undefined;
}

/** The API leaves out those of others that the person may not see. */
function noneOf(areOwn: boolean, cursor: string | undefined, { share }: DialogMessages): string {
  if (cursor !== undefined) return share.noneSoFar;
  return areOwn ? share.none : share.noneVisible;
}

/** Links for others, and what became of them. */
export function ShareList({ heading, api, me, of, created }: ShareListProps) {
  const locale = useLocale();
  const d = useDialogMessages();
  const { m, f } = locale;
  const [shares, setShares] = useState<Share[]>();
  const [cursor, setCursor] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const headingRef = useRef<HTMLHeadingElement>(null);
  const { pbx, recording, person } = of;
  const areOwn = recording === undefined && person === undefined;

  const load = useCallback(
    async (before: Share[], from?: string) => {
      setProblem(undefined);
      try {
        const page = await readUntilFound(
          (next) =>
            api.shares({
              ...(pbx !== undefined && { pbx }),
              ...(recording !== undefined && { recording }),
              ...(person !== undefined && { person }),
              ...(next !== undefined && { cursor: next }),
            }),
          (read) => read.shares.length > 0,
          from,
        );
        const listed = [...before, ...page.shares];
        const isBehind = created !== undefined && !listed.some(({ id }) => id === created.id);
        const all = isBehind ? [created, ...listed] : listed;
        setShares(all);
        setCursor(page.cursor);
        // Otherwise a dialog has been opened, which has more important things to say.
        if (person !== undefined)
          announce(
            all.length === 0
              ? noneOf(false, page.cursor, d)
              : d.share.links(f.number(all.length), all.length === 1),
          );
      } catch (error) {
        setProblem(errorText(error, m, d.invalid));
      }
    },
    [api, pbx, recording, person, created, m, f, d],
  );
  useEffect(() => {
    void load([]);
  }, [load]);

  async function showMore(shown: Share[]): Promise<void> {
    await load(shown, cursor);
    refocusRow(shown.length);
  }

  async function revoke(share: Share): Promise<void> {
    setProblem(undefined);
    try {
      const revoked = await api.revokeShare(share.id);
      setShares((before) => before?.map((other) => (other.id === share.id ? revoked : other)));
      announce(d.share.revoked);
      // The button is gone.
      headingRef.current?.focus();
    } catch (error) {
      setProblem(`${d.share.revokeFailed} ${errorText(error, m, d.invalid)}`);
    }
  }

  const { columns } = d.share;
  return (
    <section class="share-list">
      <h3 ref={headingRef} tabIndex={-1}>
        {heading}
      </h3>
      <p class="problem" role="alert">
        {problem}
      </p>
      {shares === undefined && problem === undefined && <p>{m.loading}</p>}
      {shares?.length === 0 && <p class="muted">{noneOf(areOwn, cursor, d)}</p>}
      {shares !== undefined && shares.length > 0 && (
        <ScrollBox label={heading}>
          <table class="plain">
            <thead>
              <tr>
                {recording === undefined && <th scope="col">{columns.recording}</th>}
                <th scope="col">{columns.made}</th>
                <th scope="col">{columns.ends}</th>
                <th scope="col">{columns.opened}</th>
                <th scope="col">{columns.note}</th>
                <th scope="col">{columns.action}</th>
              </tr>
            </thead>
            <tbody>
              {shares.map((share) => {
                const timeZone = zoneOf(me.pbxs, share.pbx);
                const state = stateOf(share);
                return (
                  <tr key={share.id} tabIndex={-1}>
                    {recording === undefined && (
                      <RecordingCell
                        label={columns.recording}
                        pbx={share.pbx}
                        recording={share.recording}
                        pbxs={me.pbxs}
                      />
                    )}
                    <td data-label={columns.made}>
                      {f.moment(share.createdAt, timeZone)} <small>{share.createdBy}</small>
                    </td>
                    <td data-label={columns.ends}>
                      <span class={`state is-${state}`}>{d.share.state[state]}</span>
                      <small>
                        {state === 'locked'
                          ? d.share.lockedHint
                          : f.moment(share.revokedAt ?? share.endsAt, timeZone)}
                      </small>
                    </td>
                    <td data-label={columns.opened}>
                      {playsOf(share, locale, d)}
                      {share.hasPasscode && <small>{d.share.withPasscode}</small>}
                      {share.download && <small>{d.share.withDownload}</small>}
                    </td>
                    <td data-label={columns.note}>{share.note}</td>
                    <td data-label={columns.action}>
                      {state === 'active' && (
                        <button
                          type="button"
                          class="chip"
                          aria-label={d.share.revokeOf(share.note ?? f.moment(share.createdAt, timeZone))}
                          onClick={() => void revoke(share)}
                        >
                          {d.share.revoke}
                        </button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </ScrollBox>
      )}
      {cursor !== undefined && (
        <button type="button" class="button" onClick={() => void showMore(shares ?? [])}>
          {m.results.more}
        </button>
      )}
    </section>
  );
}

function stateOf({ revokedAt, lockedOut, endsAt, plays, maxPlays = Number.POSITIVE_INFINITY }: Share) {
  if (revokedAt !== undefined) return 'revoked';
  if (lockedOut === true) return 'locked';
  if (Date.parse(endsAt) <= archiveNow()) return 'ended';
  return plays >= maxPlays ? 'used' : 'active';
}

const playsOf = ({ plays, maxPlays }: Share, { f }: Locale, d: DialogMessages) =>
  maxPlays === undefined ? f.number(plays) : d.share.openedOf(f.number(plays), f.number(maxPlays));
