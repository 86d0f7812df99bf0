const period = 'This period is not valid. Check both days.';

/** The texts of the page. Names of fields and buttons are short; sentences say what happened and what to do. */
export const en = {
  title: 'Recordings',
  skip: 'Skip to the results',
  skipToPlayer: 'Skip to the player',
  loading: 'Loading …',
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied.',
  copyFailed: 'The browser did not allow copying. Select the text and copy it yourself.',
  tryAgain: 'Try again',
  reload: 'Reload the page',

  menu: {
    label: 'Page',
    shares: 'Links for others',
    access: 'Who listened',
    keys: 'Keys',
    language: 'Language',
    signOut: 'Sign out',
  },

  completeness: {
    label: 'How complete the archive is',
    upTo: (time: string) => `compared with the PBX up to ${time}`,
    unknown: 'not yet compared with the PBX',
    downSince: (time: string) => `no connection to the PBX since ${time}: new calls arrive later`,
    connectionNotKnown: 'connection to the PBX not known',
    summary: (connected: string, all: string) => `${connected} of ${all} PBXs are connected`,
    someNotKnown: (count: string) => `${count} not known`,
    noneKnown: (all: string) => `It is not known whether the ${all} PBXs are connected`,
    oldest: (time: string) => `all compared up to ${time}`,
  },

  find: {
    label: 'Find recordings',
    number: 'Number or call ID',
    numberHint: 'In any format; several with commas',
    from: 'From',
    to: 'To',
    pbx: 'PBX',
    anyPbx: 'All',
    direction: 'Direction',
    anyDirection: 'All',
    minSeconds: 'At least',
    anyLength: 'Any',
    submit: 'Find',
    reset: 'Clear',
    presets: 'Period',
    today: 'Today',
    yesterday: 'Yesterday',
    lastDays: (days: number) => `${days} days`,
    year: '12 months',
    wrongOrder: 'The first day is after the last one.',
  },

  direction: { inbound: 'Incoming', outbound: 'Outgoing', internal: 'Internal' },

  results: {
    caption: 'Recordings, newest first',
    heading: 'Results',
    found: (shown: string, isOne: boolean, hasMore: boolean) =>
      hasMore
        ? `The newest ${isOne ? 'recording' : `${shown} recordings`}`
        : isOne
          ? '1 recording'
          : `${shown} recordings`,
    none: 'No recording found',
    noneBackTo: (day: string) => `Searched everything back to ${day}.`,
    noneInPeriod: 'Searched only the period that you chose.',
    noneHint: 'Check the number, or search a longer period.',
    noneWithoutNumber: 'Search a longer period, or use fewer filters.',
    noneShort: (digits: string) =>
      `Fewer than ${digits} digits find only an extension with exactly these digits. For any other number, enter at least its last ${digits} digits.`,
    noneCallId: 'Check the call ID. Without a period, all days are searched.',
    searching: 'Searching …',
    searchYear: 'Search the last twelve months',
    searchFurther: 'Search further back',
    more: 'Show more',
    failed: 'The search failed.',
    play: 'Play',
    open: 'Details',
    time: 'Time',
    from: 'From',
    to: 'To',
    toWord: 'to',
    pbx: 'PBX',
    direction: 'Direction',
    length: 'Length',
    format: 'Format',
    state: 'State',
    listen: 'Listen',
    unknownNumber: 'unknown',
  },

  state: {
    archived: 'Archived',
    waiting: 'On the way',
    lost: 'Lost',
    'dead-lettered': 'Given up',
  },
  stateShort: {
    waiting: 'being fetched',
    lost: 'the PBX no longer had it',
    'dead-lettered': 'ask your administrator',
  },

  verified: { sound: 'verified as complete', doubtful: 'may be incomplete' },

  codec: {
    pcm: 'PCM',
    alaw: 'A-law',
    ulaw: 'µ-law',
    gsm: 'GSM',
    mp3: 'MP3',
    aac: 'AAC',
    opus: 'Opus',
    vorbis: 'Vorbis',
    flac: 'FLAC',
    adpcm: 'ADPCM',
    other: 'Unknown format',
  },
  format: {
    gsm: 'plays through the page’s own decoder',
    unsupported: 'does not play in this browser: download it',
  },

  player: {
    label: 'Player',
    play: 'Play',
    pause: 'Pause',
    back: (seconds: string) => `Back ${seconds} seconds`,
    forward: (seconds: string) => `Forward ${seconds} seconds`,
    previous: 'Previous recording',
    next: 'Next recording',
    position: 'Position',
    positionOf: (position: string, duration: string) => `${position} of ${duration}`,
    speed: 'Speed',
    speedValue: (rate: string) => `${rate}×`,
    volume: 'Volume',
    waveform: 'Waveform',
    waveformLoading: 'Drawing the waveform …',
    waveformFailed: 'The waveform could not be drawn.',
    download: 'Download',
    share: 'Link for others',
    copyLink: 'Link for colleagues',
    colleaguesCopied: 'Link copied. Colleagues need to sign in to open it.',
    close: 'Close player',
    decoding: 'Decoding …',
    downloadStarted: 'The download has started.',
    nowPlaying: (call: string) => `Playing: ${call}`,
    speedNow: (rate: string) => `Speed ${rate}`,
    problem: {
      link: 'The archive did not provide this recording.',
      network:
        'The recording could not be loaded or played. Check your connection and the sound output, then try again.',
      unsupported: 'This browser cannot play this format. Download the recording to listen to it.',
    },
    notFound: 'There is no such recording, or you may not listen to it.',
  },

  signIn: {
    heading: 'Sign in',
    text: (hours: string) =>
      `Enter the link token that your administrator gave you. This browser stays signed in for ${hours} hours.`,
    token: 'Link token',
    name: 'Your name',
    nameHint: 'Optional. It appears in the log of who listened.',
    submit: 'Sign in',
    wrong: 'This token is not valid. Copy it again, without spaces.',
    tooMany: 'Too many wrong tokens. Wait a minute, then try again.',
    oidcText: 'Sign in with the account of your organization.',
    oidcFailed: 'Sign-in failed. Try again; if it fails again, tell your administrator.',
    notKept:
      'The archive accepted the token, but this browser did not keep the session. Allow cookies for this page, then sign in again.',
    notAccepted:
      'Your organization signed you in, but the archive did not accept its token. Tell your administrator: the audience may be set wrong.',
    ended: 'Your session has ended. Sign in again to continue.',
    signedOut: 'You are signed out.',
  },

  error: {
    forbidden: 'You do not have the right to do this. Ask your administrator.',
    unavailable: 'The archive is not responding at the moment. Try again in a minute.',
    network: 'No connection. Check your network, then try again.',
    invalid: 'The archive did not accept this request. Check what you entered, then try again.',
    notFound: 'This no longer exists.',
    tooMany: 'Too many requests. Wait a minute, then try again.',
    notLoaded:
      'This part of the page could not be loaded. Check your connection, then reload the page: it may have been updated.',
  },

  /** What is wrong with a parameter of the API, as the person knows it. */
  invalid: {
    number: (max: number) =>
      `There are too many numbers, or one of them is too long. Search for at most ${max} at once.`,
    from: period,
    to: period,
    pbx: 'There is no such PBX, or you may not listen to its recordings. Choose another one, or clear the form.',
    cursor: 'The search cannot be continued. Try again to start it from the beginning.',
  },
};

export type Messages = typeof en;
