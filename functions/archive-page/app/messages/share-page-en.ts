/** What the page of a share says. Loaded with it. */
export const en = {
  heading: 'A recording for you',
  text: 'Somebody has given you a link to the recording of a telephone call. Nothing is opened until you press the button. Some links can be opened only once or twice, so open this one when you have time to listen.',
  passcode: 'Passcode',
  passcodeHint: 'Only if you were given one.',
  open: 'Open the recording',
  reopen: 'Open again',
  over: {
    tooLong: 'This recording has been open for too long. Open it again to continue.',
    forGood: 'This link can no longer be opened. Ask the person who sent it for another one.',
  },
  refused:
    'This link cannot be opened. If you were given a passcode, type it again. Otherwise the link may have ended, been revoked, been used up, or been locked after too many wrong passcodes: ask the person who sent it.',
  tooMany: 'Too many attempts. Wait a minute, then try again.',
  noToken:
    'This address is incomplete. Copy the whole link, with everything after the # sign. In an email, it may continue on the next line.',
  began: 'Call of',
  validUntil: (end: string) => `The link is valid until ${end}.`,
  opensAlways: 'Until then, it can be opened as often as you like.',
  opensMore: (times: string, isOne: boolean) =>
    isOne ? 'It can be opened one more time.' : `It can be opened ${times} more times.`,
  opensNoMore: 'It cannot be opened again after this: keep this page open until you have finished listening.',
  privacy: 'Opening it leaves an entry in the access log of the archive.',
};

export type SharePageMessages = typeof en;
