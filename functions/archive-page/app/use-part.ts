import { useEffect, useState } from 'preact/hooks';

/**
 * A part of the page that is not in its first load. After a failure, only a reload helps: a browser does not ask for the
 * file again, and after a deployment it is no longer there.
 */
export function usePart<Part>(load: () => Promise<Part>): Part | 'failed' | undefined {
  const [part, setPart] = useState<Part | 'failed'>();
  useEffect(() => {
    load().then(
      (loaded) => setPart(() => loaded),
      () => setPart('failed'),
    );
  }, []);
  return part;
}
