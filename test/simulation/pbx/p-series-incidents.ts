import type { SimulatedPSeries } from '../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import type { Random } from '../engine/random.ts';
import { delay } from '../engine/virtual-time.ts';
import type { Office } from './office.ts';

const MINUTE_MS = 60_000;
const LOGINS_BEFORE_BLOCK = 5;

/** What an administrator of a P-Series works with. */
interface Administration {
  /** Reports have no signature, but a secret in their path. */
  isUnsigned: boolean;
  isMp3: boolean;
  newSecret(): string;
  saveCredentials(changes: Readonly<Record<string, string>>): void;
  /** Has the PBX post its reports to a path that ends in this secret, if they have no signature. */
  setWebhook(secret: string): void;
}

/** The incidents of a P-Series, and those of other PBXs that take another course here. */
export function createPSeriesIncidents(
  pbx: SimulatedPSeries,
  administration: Administration,
): Office['incidents'] {
  const { isUnsigned, isMp3, newSecret, saveCredentials, setWebhook } = administration;
  const pause = (random: Random, minutes: number) => delay(random.integer(1, minutes) * MINUTE_MS);

  return {
    /** In the PBX first or in the secret first. With the old secret beside the new one, no report is refused. */
    'webhook-secret-rotated': async (_world, _office, random) => {
      if (isUnsigned) {
        const webhookSecret = newSecret();
        saveCredentials({ webhookSecret });
        await pause(random, 30);
        setWebhook(webhookSecret);
        return;
      }
      const signatureSecret = pbx.renewWebhookSecret();
      await pause(random, 30);
      saveCredentials({ signatureSecret });
    },

    /** Nothing ends it but an administrator. */
    'address-locked-out': async (_world, { pbx: { guessPassword } }, random) => {
      for (let guess = 0; guess < LOGINS_BEFORE_BLOCK; guess++) guessPassword();
      await pause(random, 600);
      pbx.unblock();
    },

    'p-series-tokens-expired': async () => pbx.expireTokens(),

    /** Another client of the API takes all tokens that are left, or all, if ours have just been forgotten. */
    'p-series-tokens-taken': async (world, office, random) => {
      if (random.isTrue(0.7)) pbx.dropTokens();
      pbx.takeTokens();
      world.checks.pSeries.onTokensTaken(office);
    },

    /** Somebody else downloads an MP3. */
    ...(isMp3 && {
      'p-series-downloads-occupied': async (_world, _office, random) => {
        pbx.occupyDownloads(true);
        await pause(random, 20);
        pbx.occupyDownloads(false);
      },
    }),

    /** The PBX, or somebody who has got into it, names another place for a download. */
    'p-series-foreign-download': async (_world, _office, random) => {
      pbx.answerDownloadsWith(random.pick(FOREIGN_URLS));
      await pause(random, 120);
      pbx.answerDownloadsWith(undefined);
    },

    /** A firmware finds a parameter wrong that is right. */
    'p-series-parameter-refused': async (_world, _office, random) => {
      pbx.refuse('system/information', 40002);
      await pause(random, 60);
      pbx.refuse('system/information', undefined);
    },
  };
}

const FOREIGN_URLS = [
  'https://elsewhere.example/api/download/x.wav',
  '//elsewhere.example/api/download/x.wav',
  '/api/download/../../x.wav',
  '/api/download/x.wav?to=https://elsewhere.example/',
];
