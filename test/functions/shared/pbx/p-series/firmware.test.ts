import { expect, test } from 'vitest';
import {
  editionOf,
  hasWebhook,
  renewsCertificate,
} from '../../../../../functions/shared/pbx/p-series/firmware.ts';

// The editions and the version of the webhook are those of the vendor's guide, "Monitor Events via Webhook".
test.each([
  ['37.20.0.21', 'Appliance Edition', true],
  ['83.20.0.20', 'Software Edition', false],
  ['84.21.0.0', 'Cloud Edition', true],
  ['37.19.99.99', 'Appliance Edition', false],
  // Editions and forms that no document has: nothing is claimed.
  ['99.21.0.0', undefined, true],
  ['84.21', undefined, true],
  ['beta', undefined, true],
])('of firmware %s', (firmware, edition, canPost) => {
  expect(editionOf(firmware)).toBe(edition);
  expect(hasWebhook(firmware)).toBe(canPost);
  expect(renewsCertificate(firmware)).toBe(edition === 'Cloud Edition');
});
