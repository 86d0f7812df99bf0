import type { Messages } from './en.ts';

const period = 'Dieser Zeitraum ist nicht gültig. Prüfen Sie beide Tage.';

export const de: Messages = {
  title: 'Aufnahmen',
  skip: 'Zu den Treffern',
  skipToPlayer: 'Zur Wiedergabe',
  loading: 'Wird geladen …',
  close: 'Schließen',
  copy: 'Kopieren',
  copied: 'Kopiert.',
  copyFailed: 'Der Browser hat das Kopieren nicht erlaubt. Markieren und kopieren Sie den Text selbst.',
  tryAgain: 'Noch einmal versuchen',
  reload: 'Seite neu laden',

  menu: {
    label: 'Seite',
    shares: 'Links für andere',
    access: 'Zugriffe',
    keys: 'Tasten',
    language: 'Sprache',
    signOut: 'Abmelden',
  },

  completeness: {
    label: 'Wie vollständig das Archiv ist',
    upTo: (time) => `mit der Anlage abgeglichen bis ${time}`,
    unknown: 'noch nicht mit der Anlage abgeglichen',
    downSince: (time) => `keine Verbindung zur Anlage seit ${time}: neue Anrufe kommen später`,
    connectionNotKnown: 'Verbindung zur Anlage nicht bekannt',
    summary: (connected, all) => `${connected} von ${all} Anlagen sind verbunden`,
    someNotKnown: (count) => `von ${count} ist es nicht bekannt`,
    noneKnown: (all) => `Ob die ${all} Anlagen verbunden sind, ist nicht bekannt`,
    oldest: (time) => `alle abgeglichen bis ${time}`,
  },

  find: {
    label: 'Aufnahmen suchen',
    number: 'Rufnummer oder Anruf-ID',
    numberHint: 'In jeder Schreibweise; mehrere mit Komma',
    from: 'Von',
    to: 'Bis',
    pbx: 'Anlage',
    anyPbx: 'Alle',
    direction: 'Richtung',
    anyDirection: 'Alle',
    minSeconds: 'Mindestens',
    anyLength: 'Egal',
    submit: 'Suchen',
    reset: 'Leeren',
    presets: 'Zeitraum',
    today: 'Heute',
    yesterday: 'Gestern',
    lastDays: (days) => `${days} Tage`,
    year: '12 Monate',
    wrongOrder: 'Der erste Tag liegt nach dem letzten.',
  },

  direction: { inbound: 'Eingehend', outbound: 'Ausgehend', internal: 'Intern' },

  results: {
    caption: 'Aufnahmen, die neuesten zuerst',
    heading: 'Treffer',
    found: (shown, isOne, hasMore) =>
      hasMore
        ? `Die ${isOne ? 'neueste Aufnahme' : `neuesten ${shown} Aufnahmen`}`
        : isOne
          ? '1 Aufnahme'
          : `${shown} Aufnahmen`,
    none: 'Keine Aufnahme gefunden',
    noneBackTo: (day) => `Durchsucht ist alles bis zurück zum ${day}.`,
    noneInPeriod: 'Durchsucht ist nur der gewählte Zeitraum.',
    noneHint: 'Prüfen Sie die Nummer, oder suchen Sie in einem längeren Zeitraum.',
    noneWithoutNumber: 'Suchen Sie in einem längeren Zeitraum oder mit weniger Filtern.',
    noneShort: (digits) =>
      `Weniger als ${digits} Ziffern finden nur eine Nebenstelle, die genau so lautet. Geben Sie von anderen Nummern mindestens die letzten ${digits} Ziffern ein.`,
    noneCallId: 'Prüfen Sie die Anruf-ID. Ohne Zeitraum werden alle Tage durchsucht.',
    searching: 'Wird gesucht …',
    searchYear: 'Die letzten zwölf Monate durchsuchen',
    searchFurther: 'Weiter zurück suchen',
    more: 'Mehr anzeigen',
    failed: 'Die Suche ist fehlgeschlagen.',
    play: 'Abspielen',
    open: 'Einzelheiten',
    time: 'Zeit',
    from: 'Von',
    to: 'An',
    toWord: 'an',
    pbx: 'Anlage',
    direction: 'Richtung',
    length: 'Länge',
    format: 'Format',
    state: 'Zustand',
    listen: 'Anhören',
    unknownNumber: 'unbekannt',
  },

  state: {
    archived: 'Archiviert',
    waiting: 'Unterwegs',
    lost: 'Verloren',
    'dead-lettered': 'Aufgegeben',
  },
  stateShort: {
    waiting: 'wird geholt',
    lost: 'an der Anlage nicht mehr vorhanden',
    'dead-lettered': 'fragen Sie Ihren Administrator',
  },

  verified: { sound: 'als vollständig bestätigt', doubtful: 'vielleicht unvollständig' },

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
    other: 'Unbekanntes Format',
  },
  format: {
    gsm: 'spielt mit dem eigenen Decoder der Seite',
    unsupported: 'spielt nicht in diesem Browser: bitte herunterladen',
  },

  player: {
    label: 'Wiedergabe',
    play: 'Abspielen',
    pause: 'Pause',
    back: (seconds) => `${seconds} Sekunden zurück`,
    forward: (seconds) => `${seconds} Sekunden vor`,
    previous: 'Vorherige Aufnahme',
    next: 'Nächste Aufnahme',
    position: 'Position',
    positionOf: (position, duration) => `${position} von ${duration}`,
    speed: 'Tempo',
    speedValue: (rate) => `${rate}×`,
    volume: 'Lautstärke',
    waveform: 'Wellenform',
    waveformLoading: 'Wellenform wird gezeichnet …',
    waveformFailed: 'Die Wellenform konnte nicht gezeichnet werden.',
    download: 'Herunterladen',
    share: 'Link für andere',
    copyLink: 'Link für Kollegen',
    colleaguesCopied: 'Link kopiert. Kollegen müssen sich anmelden, um ihn zu öffnen.',
    close: 'Wiedergabe schließen',
    decoding: 'Wird dekodiert …',
    downloadStarted: 'Der Download hat begonnen.',
    nowPlaying: (call) => `Es läuft: ${call}`,
    speedNow: (rate) => `Tempo ${rate}`,
    problem: {
      link: 'Das Archiv hat diese Aufnahme nicht herausgegeben.',
      network:
        'Die Aufnahme konnte nicht geladen oder abgespielt werden. Prüfen Sie die Verbindung und die Tonausgabe, und versuchen Sie es noch einmal.',
      unsupported:
        'Dieser Browser kann dieses Format nicht abspielen. Laden Sie die Aufnahme herunter, um sie anzuhören.',
    },
    notFound: 'Diese Aufnahme gibt es nicht, oder Sie dürfen sie nicht anhören.',
  },

  signIn: {
    heading: 'Anmelden',
    text: (hours) =>
      `Geben Sie das Link-Token ein, das Sie von Ihrem Administrator haben. Dieser Browser bleibt ${hours} Stunden angemeldet.`,
    token: 'Link-Token',
    name: 'Ihr Name',
    nameHint: 'Freiwillig. Er steht im Zugriffsprotokoll.',
    submit: 'Anmelden',
    wrong: 'Dieses Token ist nicht gültig. Kopieren Sie es noch einmal, ohne Leerzeichen.',
    tooMany: 'Zu viele falsche Token. Warten Sie eine Minute, und versuchen Sie es noch einmal.',
    oidcText: 'Melden Sie sich mit dem Konto Ihrer Organisation an.',
    oidcFailed:
      'Die Anmeldung ist fehlgeschlagen. Versuchen Sie es noch einmal; sonst wenden Sie sich an Ihren Administrator.',
    notKept:
      'Das Archiv hat das Token angenommen, aber dieser Browser hat die Sitzung nicht behalten. Erlauben Sie Cookies für diese Seite, und melden Sie sich noch einmal an.',
    notAccepted:
      'Ihre Organisation hat Sie angemeldet, aber das Archiv hat ihr Token nicht angenommen. Sagen Sie es Ihrem Administrator: Vielleicht ist die Audience falsch eingestellt.',
    ended: 'Ihre Sitzung ist beendet. Melden Sie sich wieder an, um weiterzumachen.',
    signedOut: 'Sie sind abgemeldet.',
  },

  error: {
    forbidden: 'Dazu haben Sie kein Recht. Fragen Sie Ihren Administrator.',
    unavailable: 'Das Archiv antwortet gerade nicht. Versuchen Sie es in einer Minute noch einmal.',
    network: 'Keine Verbindung. Prüfen Sie das Netz, und versuchen Sie es noch einmal.',
    invalid:
      'Das Archiv hat diese Anfrage nicht angenommen. Prüfen Sie Ihre Angaben, und versuchen Sie es noch einmal.',
    notFound: 'Das gibt es nicht mehr.',
    tooMany: 'Zu viele Anfragen. Warten Sie eine Minute, und versuchen Sie es noch einmal.',
    notLoaded:
      'Dieser Teil der Seite konnte nicht geladen werden. Prüfen Sie die Verbindung, und laden Sie die Seite neu: Vielleicht wurde sie aktualisiert.',
  },

  invalid: {
    number: (max) =>
      `Das sind zu viele Rufnummern, oder eine ist zu lang. Suchen Sie höchstens ${max} auf einmal.`,
    from: period,
    to: period,
    pbx: 'Diese Anlage gibt es nicht, oder Sie dürfen ihre Aufnahmen nicht anhören. Wählen Sie eine andere, oder leeren Sie das Formular.',
    cursor: 'Die Suche lässt sich nicht fortsetzen. Versuchen Sie es noch einmal: Sie beginnt dann von vorn.',
  },
};
