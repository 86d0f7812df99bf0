import { useEffect, useRef, useState } from 'preact/hooks';
import type { DialogsProps } from './dialog-names.ts';
import { useLocale } from './locale.tsx';

/** The dialogs are loaded when the first one is opened. */
export function Dialogs(props: DialogsProps) {
  const [dialogs, setDialogs] = useState<typeof import('./dialogs.tsx')>();
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    import('./dialogs.tsx').then(setDialogs, () => setFailed(true));
  }, []);
  if (hasFailed) return <NotLoaded onClose={props.onClose} />;
  return dialogs ? <dialogs.OpenDialog {...props} /> : null;
}

/** A browser does not ask for the file again. After a deployment, it is no longer there either. */
function NotLoaded({ onClose }: Pick<DialogsProps, 'onClose'>) {
  const { m } = useLocale();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => ref.current?.showModal(), []);
  return (
    <dialog ref={ref} class="dialog" aria-labelledby="not-loaded" onClose={onClose}>
      <p id="not-loaded">{m.error.notLoaded}</p>
      <button type="button" class="button primary" onClick={() => location.reload()}>
        {m.reload}
      </button>
    </dialog>
  );
}
