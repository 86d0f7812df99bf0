import { useEffect, useState } from 'preact/hooks';

let show: (text: string) => void = () => undefined;

/** Has a screen reader read a sentence, without moving the focus. */
export const announce = (text: string): void => show(text);

/** The live region for `announce`. There is one, and it is there before anything is said. */
export function Announcer() {
  const [said, setSaid] = useState({ text: '', count: 0 });
  useEffect(() => {
    show = (text) => setSaid(({ count }) => ({ text, count: count + 1 }));
  }, []);
  return (
    <p class="visually-hidden" role="status">
      {/* A new element, so that the same sentence is read again. */}
      <span key={said.count}>{said.text}</span>
    </p>
  );
}
