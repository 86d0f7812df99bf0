import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Announcer } from './announcer.tsx';
import { Icon } from './icons.tsx';
import { useLocale } from './locale.tsx';

interface DialogProps {
  heading: string;
  onClose: () => void;
  wide?: boolean;
  children: ComponentChildren;
}

/** A modal dialog. The browser keeps the focus in it, closes it with Escape, and gives the focus back. */
export function Dialog({ heading, onClose, wide = false, children }: DialogProps) {
  const { m } = useLocale();
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  return (
    <dialog ref={ref} class={wide ? 'dialog wide' : 'dialog'} aria-labelledby={id} onClose={onClose}>
      <div class="dialog-head">
        <h2 id={id}>{heading}</h2>
        <button type="button" class="icon-button" aria-label={m.close} onClick={() => ref.current?.close()}>
          <Icon name="close" />
        </button>
      </div>
      {children}
      <Announcer />
    </dialog>
  );
}
