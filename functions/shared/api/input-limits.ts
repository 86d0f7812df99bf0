/** How many characters or values people may enter. The API checks it, and the fields of the page end there. */

/** Of a person, for the access log. */
export const MAX_NAME_LENGTH = 100;

/** Of a person, in a search for what they did. */
export const MAX_PERSON_LENGTH = 200;

export const MIN_PASSCODE_LENGTH = 4;
export const MAX_PASSCODE_LENGTH = 100;

/** Of a share, for its maker. */
export const MAX_NOTE_LENGTH = 500;

/** In one search. */
export const MAX_NUMBERS = 5;
