import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { announce } from './announcer.tsx';
import { type Api, ApiError } from './api.ts';
import { Completeness } from './completeness.tsx';
import type { Link, Me, Recording } from './contract.ts';
import { callOf, errorText, idOf, zoneOf } from './describe.ts';
import type { DialogName } from './dialog-names.ts';
import { addressOf, type Filters, readFilters, readOpen } from './filters.ts';
import { FindForm } from './find-form.tsx';
import { moveFocus, useKeys } from './keys.ts';
import { Dialogs } from './lazy-dialogs.tsx';
import { useLocale } from './locale.tsx';
import { Playback } from './playback.ts';
import { RATES } from './playback-state.ts';
import { PlayerPanel } from './player-panel.tsx';
import { readPreference, savePreference } from './preferences.ts';
import { Results } from './results.tsx';
import { usePlayReport } from './use-play-report.ts';
import { usePlayback } from './use-playback.ts';
import { useSearch } from './use-search.ts';

interface ArchiveProps {
  api: Api;
  me: Me;
  dialog: DialogName | undefined;
  onDialog: (dialog: DialogName | undefined) => void;
}

/** Finding and listening. */
export function Archive({ api, me, dialog, onDialog }: ArchiveProps) {
  const locale = useLocale();
  const { m, f } = locale;
  const [filters, setFilters] = useState(() => readFilters(location.search));
  const [opened, setOpened] = useState<Recording>();
  const [problem, setProblem] = useState<string>();
  const [keysEnabled, setKeysEnabled] = useState(readPreference('keys') !== 'off');
  const playback = useMemo(() => new Playback(), []);
  const { playing } = usePlayback(playback);
  const { search, more, retry } = useSearch(api, filters);
  usePlayReport(api, playback, opened);
  useEffect(() => () => playback.close(), [playback]);

  const find = (next: Filters) => {
    if (addressOf(next) !== location.pathname + location.search) history.pushState(null, '', addressOf(next));
    // The same search again finds what is new.
    setFilters({ ...next });
  };
  useEffect(() => {
    const onPopState = () => setFilters(readFilters(location.search));
    addEventListener('popstate', onPopState);
    return () => removeEventListener('popstate', onPopState);
  }, []);

  const open = useCallback(
    (recording: Recording, given: { link?: Link; autoplay?: boolean } = {}) => {
      setOpened(recording);
      setProblem(undefined);
      if (recording.state !== 'archived') return playback.close();
      const renew = async () => {
        const { link } = await api.recording(recording.pbx, recording.recording);
        if (link === undefined) throw new ApiError('not-found');
        return link;
      };
      void playback.open({ codec: recording.codec, seconds: recording.seconds, renew }, given);
    },
    [api, playback],
  );

  // An address that colleagues have passed on.
  useEffect(() => {
    const wanted = readOpen(location.search);
    if (wanted === undefined) return;
    api.recording(wanted.pbx, wanted.recording).then(
      ({ recording, link }) => open(recording, { autoplay: false, ...(link && { link }) }),
      (error) =>
        setProblem(
          error instanceof ApiError && ['not-found', 'forbidden'].includes(error.kind)
            ? m.player.notFound
            : errorText(error, m),
        ),
    );
  }, [api, open, m]);

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
      open(recording);
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
    const row = document.querySelector<HTMLElement>('#results tr[aria-current] .row-button');
    (row ?? document.querySelector<HTMLElement>('#results'))?.focus();
    playback.close();
    setOpened(undefined);
  }

  return (
    <>
      <Completeness pbxs={me.pbxs} />
      <main>
        <h1 class="visually-hidden">{m.title}</h1>
        <FindForm filters={filters} pbxs={me.pbxs} onFind={find} />
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
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
              : open(recording)
          }
          onMore={more}
          onRetry={() => void retry()}
          onFind={find}
        />
      </main>
      {opened && (
        <PlayerPanel
          api={api}
          me={me}
          recording={opened}
          playback={playback}
          neighbours={{ onPrevious: goTo(neighbour(-1)), onNext: goTo(neighbour(1)) }}
          onShare={() => onDialog('share')}
          onAccess={() => onDialog('access-of')}
          onClose={close}
        />
      )}
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
