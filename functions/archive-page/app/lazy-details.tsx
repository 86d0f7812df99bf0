import { useEffect, useState } from 'preact/hooks';
import type { DetailsProps } from './details.tsx';
import { useLocale } from './locale.tsx';

/** The details are loaded when the first recording is opened. */
export function Details(props: DetailsProps) {
  const { m } = useLocale();
  const [details, setDetails] = useState<typeof import('./details.tsx')>();
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    import('./details.tsx').then(setDetails, () => setFailed(true));
  }, []);
  if (hasFailed) return <p>{m.error.notLoaded}</p>;
  return details ? <details.Details {...props} /> : null;
}
