import { type Language, useLocale } from './locale.tsx';
import { de } from './messages/share-page-de.ts';
import { en, type SharePageMessages } from './messages/share-page-en.ts';

const MESSAGES: Readonly<Record<Language, SharePageMessages>> = { en, de };

/** What only the page of a share says. It is loaded with it, so nothing else must call this. */
export const useSharePageMessages = (): SharePageMessages => MESSAGES[useLocale().language];
