import { useEffect, useState } from 'preact/hooks';

type Say = (text: string) => void;

/** The page's announcer is first, that of an open dialog last. */
const announcers: Say[] = [];

/** Has a screen reader read a sentence, without moving the focus. */
export const announce: Say = (text) => announcers.at(-1)?.(text);

/**
 * The live region for `announce`, which is there before anything is said. A dialog needs its own: while it is open, the
 * rest of the page is hidden from assistive technology.
 */
export function Announcer() {
  const [said, setSaid] = useState({ text: '', count: 0 });
  useEffect(() => {
    const say: Say = (text) => setSaid(({ count }) => ({ text, count: count + 1 }));
    announcers.push(say);
    return () => {
      announcers.splice(announcers.indexOf(say), 1);
    };
  }, []);
  return (
    <p class="visually-hidden" role="status">
      {/* A new element, so that the same sentence is read again. */}
      <span key={said.count}>{said.text}</span>
    </p>
  );
}
