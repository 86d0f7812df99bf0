import { useEffect, useState } from 'preact/hooks';
import { announce } from './announcer.tsx';
import type { DialogsProps } from './dialog-names.ts';
import { useLocale } from './locale.tsx';

/** The dialogs are loaded when the first one is opened. */
export function Dialogs(props: DialogsProps) {
  const { m } = useLocale();
  const [dialogs, setDialogs] = useState<typeof import('./dialogs.tsx')>();
  const { onClose } = props;
  useEffect(() => {
    import('./dialogs.tsx').then(setDialogs, () => {
      announce(m.error.network);
      onClose();
    });
  }, []);
  return dialogs ? <dialogs.OpenDialog {...props} /> : null;
}
