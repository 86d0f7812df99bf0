import { useEffect, useRef } from 'preact/hooks';
import type { DialogsProps } from './dialog-names.ts';
import { useLocale } from './locale.tsx';
import { ReloadButton } from './reload-button.tsx';
import { usePart } from './use-part.ts';

/** The dialogs are loaded when the first one is opened. */
export function Dialogs(props: DialogsProps) {
  const part = usePart(() => import('./dialogs.tsx'));
  if (part === 'failed') return <NotLoaded onClose={props.onClose} />;
  return part ? <part.OpenDialog {...props} /> : null;
}

function NotLoaded({ onClose }: Pick<DialogsProps, 'onClose'>) {
  const { m } = useLocale();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => ref.current?.showModal(), []);
  return (
    <dialog ref={ref} class="dialog" aria-labelledby="not-loaded" onClose={onClose}>
      <p id="not-loaded">{m.error.notLoaded}</p>
      <ReloadButton />
    </dialog>
  );
}
