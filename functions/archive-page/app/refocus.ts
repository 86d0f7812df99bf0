/** Gives the focus to an element if nothing has it any more, because the button that was pressed is gone. */
export function refocus(element: HTMLElement | null | undefined): void {
  if (document.activeElement === document.body) element?.focus();
}
