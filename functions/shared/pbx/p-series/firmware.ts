/** Versions are `EDITION.VERSION.…`, such as `37.20.0.21`. */
const FIRMWARE = /^\d+(?:\.\d+){3}$/;

const CLOUD = '84';

const EDITIONS: ReadonlyMap<string, string> = new Map([
  ['37', 'Appliance Edition'],
  ['83', 'Software Edition'],
  [CLOUD, 'Cloud Edition'],
]);

const editionNumberOf = (firmware: string) =>
  FIRMWARE.test(firmware) ? (firmware.split('.', 1)[0] ?? '') : '';

/** The edition of a PBX, by its firmware. */
export const editionOf = (firmware: string) => EDITIONS.get(editionNumberOf(firmware));

/** The certificate of the Cloud Edition is a public one, which is replaced every few weeks. */
export const renewsCertificate = (firmware: string) => editionNumberOf(firmware) === CLOUD;

/** The webhook came with version 20.0.21 of each edition. */
const WEBHOOK_SINCE = [20, 0, 21];

/** A version of another form may be either. */
export function hasWebhook(firmware: string): boolean {
  if (!FIRMWARE.test(firmware)) return true;
  const version = firmware.split('.').slice(1).map(Number);
  const differences = WEBHOOK_SINCE.map((part, index) => (version[index] ?? 0) - part);
  return (differences.find((difference) => difference !== 0) ?? 0) >= 0;
}
