import type { SharePageMessages } from './share-page-en.ts';

export const de: SharePageMessages = {
  heading: 'Eine Aufnahme für Sie',
  text: 'Jemand hat Ihnen einen Link zu der Aufnahme eines Telefongesprächs gegeben. Es wird nichts geöffnet, bevor Sie auf den Knopf drücken. Manche Links lassen sich nur ein- oder zweimal öffnen: Öffnen Sie diesen erst, wenn Sie Zeit zum Anhören haben.',
  passcode: 'Kennwort',
  passcodeHint: 'Nur, wenn Sie eines bekommen haben.',
  open: 'Aufnahme öffnen',
  reopen: 'Noch einmal öffnen',
  over: {
    tooLong: 'Die Aufnahme ist zu lange geöffnet. Öffnen Sie sie noch einmal, um weiterzuhören.',
    forGood:
      'Dieser Link lässt sich nicht mehr öffnen. Bitten Sie die Person, die ihn geschickt hat, um einen neuen.',
  },
  refused:
    'Dieser Link lässt sich nicht öffnen. Wenn Sie ein Kennwort bekommen haben, geben Sie es noch einmal ein. Sonst ist der Link vielleicht abgelaufen, widerrufen, aufgebraucht oder nach zu vielen falschen Kennwörtern gesperrt: Fragen Sie die Person, die ihn geschickt hat.',
  tooMany: 'Zu viele Versuche. Warten Sie eine Minute, und versuchen Sie es noch einmal.',
  noToken:
    'Diese Adresse ist unvollständig. Kopieren Sie den ganzen Link, mit allem nach dem Zeichen #. In einer E-Mail geht er vielleicht in der nächsten Zeile weiter.',
  began: 'Gespräch vom',
  validUntil: (end) => `Der Link gilt bis ${end}.`,
  opensAlways: 'Bis dahin lässt er sich beliebig oft öffnen.',
  opensMore: (times, isOne) =>
    isOne ? 'Er lässt sich noch genau einmal öffnen.' : `Er lässt sich noch ${times}-mal öffnen.`,
  opensNoMore:
    'Er lässt sich danach nicht mehr öffnen: Lassen Sie diese Seite offen, bis Sie zu Ende gehört haben.',
  privacy: 'Das Öffnen wird im Zugriffsprotokoll des Archivs vermerkt.',
};
