import type { DetailsMessages } from './details-en.ts';

export const de: DetailsMessages = {
  stateMeaning: {
    waiting:
      'Das Archiv holt diese Aufnahme gerade von der Anlage. Sehen Sie in einigen Minuten wieder nach.',
    lost: 'Die Anlage hatte diese Aufnahme nicht mehr, als das Archiv sie holen wollte. Falls sie dort wieder auftaucht, kann Ihr Administrator sie holen lassen.',
    'dead-lettered':
      'Das Archiv versucht nicht mehr, diese Aufnahme zu holen. Ihr Administrator kann es wieder anstoßen.',
  },
  heading: 'Einzelheiten',
  name: 'Name',
  callId: 'Anruf-ID',
  status: 'Ergebnis des Anrufs',
  statuses: {
    answered: 'Angenommen',
    'no answer': 'Nicht angenommen',
    busy: 'Besetzt',
    failed: 'Fehlgeschlagen',
    voicemail: 'Voicemail',
  },
  did: 'Gewählte Nummer',
  trunk: 'Amtsleitung',
  size: 'Größe',
  checksum: 'CRC-32 (Base64)',
  archivedAt: 'Archiviert',
  verified: 'Vollständigkeit',
  notVerified: 'Es ist nicht bekannt, wie die Vollständigkeit geprüft wurde.',
  claims: {
    'content-length': 'Die Anlage hat die Länge angekündigt, und alles ist angekommen.',
    'listed-size': 'Die Aufnahmeliste der Anlage nennt diese Größe.',
    header: 'Alle Größenangaben in der Datei stimmen mit ihrer Länge überein.',
    'identical-downloads': 'Zwei Downloads im Abstand von Minuten waren gleich.',
    'header-contradicts': 'Die Datei gibt eine andere Größe an, als sie hat.',
    'header-states-more': 'Die Datei gibt mehr Ton an, als sie hat: Das Ende könnte fehlen.',
    'header-unwritten':
      'Die Anlage hat den Kopf der Datei nie fertig geschrieben; die Datei kann ihre Länge also nicht bestätigen.',
    'shorter-than-talk-time': 'Der Ton ist mehrere Sekunden kürzer als das Gespräch.',
    'unknown-format': 'Die Datei beginnt wie kein bekanntes Tonformat.',
  },
};
