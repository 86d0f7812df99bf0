import { useEffect, useMemo, useState } from 'preact/hooks';
import { announce } from './announcer.tsx';
import { type Api, ApiError } from './api.ts';
import { Completeness } from './completeness.tsx';
import type { Me, Recording } from './contract.ts';
import { callOf, idOf, zoneOf } from './describe.ts';
import type { DialogName } from './dialog-names.ts';
import { errorText } from './error-text.ts';
import { addressOf, type Filters, readFilters, readOpen } from './filters.ts';
import { FindForm } from './find-form.tsx';
import { moveFocus, useKeys } from './keys.ts';
import { Dialogs } from './lazy-dialogs.tsx';
import { Player } from './lazy-player.tsx';
import { useLocale } from './locale.tsx';
import { Playback } from './playback.ts';
import { RATES } from './playback-state.ts';
import { readPreference, savePreference } from './preferences.ts';
import { Results } from './results.tsx';
import { useOpened } from './use-opened.ts';
import { type StopPlaying, usePlayReport } from './use-play-report.ts';
import { usePlayback } from './use-playback.ts';
import { useSearch } from './use-search.ts';

interface ArchiveProps {
  api: Api;
  me: Me;
  dialog: DialogName | undefined;
  onDialog: (dialog: DialogName | undefined) => void;
  stopPlaying: StopPlaying;
}

/** Finding and listening. */
export function Archive({ api, me, dialog, onDialog, stopPlaying }: ArchiveProps) {
  const locale = useLocale();
  const { m, f } = locale;
  const [filters, setFilters] = useState(() => readFilters(location.search));
  const [keysEnabled, setKeysEnabled] = useState(readPreference('keys') !== 'off');
  const playback = useMemo(() => new Playback(), []);
  const { playing } = usePlayback(playback);
  const { search, more, retry } = useSearch(api, filters);
  const { opened, open, restore, error } = useOpened(api, playback);
  usePlayReport(api, playback, opened, stopPlaying);
  useEffect(() => () => playback.close(), [playback]);

  const find = (next: Filters) => {
    goToAddress(next, opened);
    // A recording that is still being fetched is no longer in the address.
    if (opened === undefined) open(undefined);
    // The same search again finds what is new.
    setFilters({ ...next });
  };
  const show = (recording: Recording | undefined) => {
    goToAddress(filters, recording);
    open(recording);
  };
  useEffect(() => {
    const onPopState = () => {
      // Gives the focus back, which would be lost with it. It may be about the recording that was open.
      document.querySelector('dialog')?.close();
      onDialog(undefined);
      // The player closes, and the focus would be lost, too.
      const isClosing = readOpen(location.search) === undefined;
      if (isClosing && document.activeElement?.closest('.player')) focusOpened();
      const next = readFilters(location.search);
      setFilters((before) => (addressOf(before) === addressOf(next) ? before : next));
      void restore();
    };
    void restore();
    addEventListener('popstate', onPopState);
    return () => removeEventListener('popstate', onPopState);
  }, [restore, onDialog]);

  const { recordings } = search;
  const index = opened ? recordings.findIndex((recording) => idOf(recording) === idOf(opened)) : -1;
  const neighbour = (step: 1 | -1) => {
    if (index === -1) return undefined;
    for (let next = index + step; recordings[next]; next += step) {
      const recording = recordings[next];
      if (recording?.state === 'archived') return recording;
    }
    return undefined;
  };
  const goTo = (recording: Recording | undefined) =>
    recording &&
    (() => {
      show(recording);
      announce(
        m.player.nowPlaying(
          `${callOf(recording, m)}, ${f.time(recording.at, zoneOf(me.pbxs, recording.pbx))}`,
        ),
      );
    });

  useKeys(
    {
      find: () => document.querySelector<HTMLElement>('[data-find]')?.focus(),
      move: moveFocus,
      toggle: opened && (() => playback.toggle()),
      seekBy: opened && playback.seekBy,
      changeRate(by) {
        const nearest = RATES.findIndex((option) => option >= playback.current.rate);
        const next = RATES[Math.min(Math.max(nearest + by, 0), RATES.length - 1)] ?? 1;
        playback.setRate(next);
        announce(m.player.speedNow(f.number(next)));
      },
      help: () => onDialog('keys'),
    },
    keysEnabled,
  );

  function close(): void {
    focusOpened();
    show(undefined);
  }

  return (
    <>
      <Completeness pbxs={me.pbxs} />
      <main>
        <h1 class="visually-hidden">{m.title}</h1>
        <FindForm filters={filters} pbxs={me.pbxs} onFind={find} />
        {error !== undefined && (
          <p class="problem" role="alert">
            {error instanceof ApiError && ['not-found', 'forbidden'].includes(error.kind)
              ? m.player.notFound
              : errorText(error, m)}
          </p>
        )}
        <Results
          search={search}
          filters={filters}
          pbxs={me.pbxs}
          openId={opened && idOf(opened)}
          isPlaying={playing}
          onOpen={(recording) =>
            opened && idOf(recording) === idOf(opened) && recording.state === 'archived'
              ? playback.toggle()
              : show(recording)
          }
          onMore={more}
          onRetry={() => void retry()}
          onFind={find}
        />
      </main>
      <Player
        api={api}
        me={me}
        recording={opened}
        playback={playback}
        neighbours={{ onPrevious: goTo(neighbour(-1)), onNext: goTo(neighbour(1)) }}
        onShare={() => onDialog('share')}
        onAccess={() => onDialog('access-of')}
        onClose={close}
      />
      {dialog !== undefined && (
        <Dialogs
          name={dialog}
          api={api}
          me={me}
          recording={opened}
          keysEnabled={keysEnabled}
          onKeysEnabled={(enabled) => {
            setKeysEnabled(enabled);
            savePreference('keys', enabled ? 'on' : 'off');
          }}
          onClose={() => onDialog(undefined)}
        />
      )}
    </>
  );
}

function goToAddress(filters: Filters, opened: Recording | undefined): void {
  const address = addressOf(filters, opened);
  if (address !== location.pathname + location.search) history.pushState(null, '', address);
}

/** Moves the focus to the row of the recording that is open, or to the results. */
function focusOpened(): void {
  const row = document.querySelector<HTMLElement>('#results tr[aria-current] .row-button');
  (row ?? document.querySelector<HTMLElement>('#results'))?.focus();
}
