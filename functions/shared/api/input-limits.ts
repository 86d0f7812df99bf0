/** How many characters or values people may enter. The API checks it, and the fields of the page end there. */

/** A person's name, as the access log keeps it. */
export const MAX_NAME_LENGTH = 100;

/** The person whose accesses or shares somebody asks for. */
export const MAX_PERSON_LENGTH = 200;

export const MIN_PASSCODE_LENGTH = 4;
export const MAX_PASSCODE_LENGTH = 100;

/** The token of a share: 32 bytes in Base64url. */
export const SHARE_TOKEN_LENGTH = 43;

/** The maker's note on a share. */
export const MAX_NOTE_LENGTH = 500;

/** How many phone numbers one search may have. */
export const MAX_NUMBERS = 5;
