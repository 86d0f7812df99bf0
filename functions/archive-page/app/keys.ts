import { useLayoutEffect } from 'preact/hooks';
import { STEP_SECONDS } from './playback-state.ts';

export interface KeyActions {
  find: () => void;
  move: (by: 1 | -1) => void;
  /** `undefined` while nothing is open: Space and the arrows then scroll, as everywhere. */
  toggle: (() => void) | undefined;
  seekBy: ((seconds: number) => void) | undefined;
  changeRate: (by: 1 | -1) => void;
  help: () => void;
}

/** Where a key belongs to the element that has the focus. */
const TYPING = 'input:not([type=range], [type=checkbox]), select, textarea';
const PRESSING = 'button, a, summary, input, select, textarea';

/** Keys without Ctrl, Alt or Meta, which belong to the browser and to assistive technology. */
export function useKeys(actions: KeyActions, enabled: boolean): void {
  // Not after the next painting: keys that were switched off would still work until then.
  useLayoutEffect(() => {
    if (!enabled) return undefined;
    const onKey = (event: KeyboardEvent) => {
      // With AltGr, which Windows reports as Ctrl and Alt, brackets are typed on many keyboards.
      const isShortcut = (event.ctrlKey || event.altKey) && !event.getModifierState('AltGraph');
      if (isShortcut || event.metaKey || event.defaultPrevented) return;
      // What they would do is behind the dialog. A click on a text in it gives the focus to the dialog itself.
      if (document.querySelector('dialog[open]')) return;
      const target = event.target instanceof Element ? event.target : document.body;
      if (target.matches(TYPING)) return;
      const action = actionOf(event.key, target, actions);
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  });
}

function actionOf(key: string, target: Element, actions: KeyActions): (() => void) | undefined {
  switch (key) {
    case '/':
      return actions.find;
    case 'j':
      return () => actions.move(1);
    case 'k':
      return () => actions.move(-1);
    case ' ':
      return target.matches(PRESSING) ? undefined : actions.toggle;
    case 'ArrowLeft':
    case 'ArrowRight':
      return target.matches('input') || actions.seekBy === undefined
        ? undefined
        : () => actions.seekBy?.(key === 'ArrowLeft' ? -STEP_SECONDS : STEP_SECONDS);
    case '[':
      return () => actions.changeRate(-1);
    case ']':
      return () => actions.changeRate(1);
    case '?':
      return actions.help;
    default:
      return undefined;
  }
}

/** Moves the focus to the next or the previous row of the results, from where it is or was. */
export function moveFocus(by: 1 | -1): void {
  const buttons = [...document.querySelectorAll<HTMLElement>('#results .row-button')];
  const current =
    document.activeElement?.closest('tr') ?? document.querySelector('#results tr[aria-current]');
  const index = buttons.findIndex((button) => button.closest('tr') === current);
  const next = buttons[index === -1 ? 0 : index + by];
  next?.focus();
}
