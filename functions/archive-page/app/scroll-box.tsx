import type { ComponentChildren } from 'preact';

/** A wide table in a narrow place. It can get the focus, so that it can be scrolled with the keyboard. */
export function ScrollBox({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling is an interaction (axe: scrollable-region-focusable)
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
