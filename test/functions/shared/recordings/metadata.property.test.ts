import { expect, test } from 'vitest';
import { callSchema } from '../../../../functions/shared/jobs/call.ts';
import { decodeCall, encodeCall, encodeName } from '../../../../functions/shared/recordings/metadata.ts';
import { anyText, fc, hostileText } from '../../../property.ts';

const FIELDS = Object.keys(callSchema.entries);

/** S3's limit for names and values together, without `x-amz-meta-`. */
const MAX_BYTES = 2048;
/** The longest entry that is stored beside the call. */
const VERIFIED_BY = 'verified-bycontent-length identical-downloads header-contradicts shorter-than-talk-time';

const longText = fc
  .tuple(fc.oneof(hostileText, fc.constantFrom('é', 'a', '%')), fc.nat({ max: 200 }))
  .map(([text, times]) => text.repeat(times).slice(0, 1000));
const call = fc.record(
  Object.fromEntries(FIELDS.map((field) => [field, fc.oneof(anyText, hostileText, longText)])),
  { requiredKeys: [] },
);
const longestCall = fc
  .constantFrom('a', '%', 'é', '📞')
  .map((letter) => Object.fromEntries(FIELDS.map((field) => [field, letter.repeat(1000)])));

test('any call is encoded as safe header values within the size limit', () => {
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: call }, longestCall), longText, (anyCall, anyName) => {
      const metadata = Object.entries({ ...encodeCall(anyCall), ...encodeName(`/${anyName}`) });
      for (const [name, value] of metadata) {
        expect(name).toMatch(/^[a-z-]+$/);
        // Headers lose whitespace at both ends.
        expect(value).toMatch(/^(?! )[ -~]*(?<! )$/);
      }
      expect(metadata.flat().join('').length + VERIFIED_BY.length).toBeLessThanOrEqual(MAX_BYTES);
    }),
  );
});

test('a short value is decoded unchanged, a longer one to its beginning', () => {
  fc.assert(
    fc.property(call, (anyCall) => {
      const decoded = decodeCall(encodeCall(anyCall)) as Record<string, string>;
      for (const [field, value = ''] of Object.entries(anyCall)) {
        const { [field]: back = '' } = decoded;
        expect(value.toWellFormed().startsWith(back)).toBe(true);
        if (Buffer.byteLength(value) * 3 <= 140) expect(back).toBe(value.toWellFormed());
      }
    }),
  );
});

test('metadata written by somebody else is decoded without an error', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('call-id', 'from', '__proto__', 'trunk'), anyText),
      (metadata) => {
        for (const value of Object.values(decodeCall(metadata))) expect(typeof value).toBe('string');
      },
    ),
  );
});
