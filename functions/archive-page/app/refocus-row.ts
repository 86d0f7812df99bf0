import { refocus } from './refocus.ts';

/**
 * After "Show more" in a dialog, whose button is gone after the last page: the first row that is new gets the focus, or
 * the last one. Without rows, it is the button that closes the dialog.
 */
export function refocusRow(index: number): void {
  const rows = document.querySelectorAll<HTMLElement>('dialog[open] tbody tr');
  refocus(
    rows[Math.min(index, rows.length - 1)] ?? document.querySelector<HTMLElement>('dialog[open] button'),
  );
}
