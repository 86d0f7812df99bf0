/** The SDK's own default is to wait for ever, which in a function ends as a bare "Task timed out". */
export const CONNECTION_TIMEOUT_MS = 3_000;

/** How long the answer to a request may take to begin. */
export const REQUEST_TIMEOUT_MS = 5_000;

/** The same where a recording's bytes go with it: each megabyte of them has a minute, which is 0.13 Mbit/s. */
export const TRANSFER_TIMEOUT_MS = 64_000;
