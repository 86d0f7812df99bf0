import { useLocale } from './locale.tsx';

export function ReloadButton() {
  const { m } = useLocale();
  return (
    <button type="button" class="button primary" onClick={() => location.reload()}>
      {m.reload}
    </button>
  );
}
