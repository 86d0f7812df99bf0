import { type Language, useLocale } from './locale.tsx';
import { de } from './messages/dialogs-de.ts';
import { type DialogMessages, en } from './messages/dialogs-en.ts';

const MESSAGES: Readonly<Record<Language, DialogMessages>> = { en, de };

/** What only the dialogs say. It is loaded with them, so the page itself must not call this. */
export const useDialogMessages = (): DialogMessages => MESSAGES[useLocale().language];
