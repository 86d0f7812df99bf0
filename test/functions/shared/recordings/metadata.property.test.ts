import { expect, test } from 'vitest';
import { callSchema } from '../../../../functions/shared/jobs/job.ts';
import { decodeCall, encodeCall } from '../../../../functions/shared/recordings/metadata.ts';
import { anyText, fc, hostileText } from '../../../property.ts';

const FIELDS = Object.keys(callSchema.entries);

/** What S3 takes in all, names and values, without `x-amz-meta-`; and the longest that we add to a call's facts. */
const MAX_BYTES = 2048;
const VERIFIED_BY = 'verified-bycontent-length riff-header-unpatched';

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

test('any call is header values that nothing can be smuggled in with, and few enough of them', () => {
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: call }, longestCall), (told) => {
      const metadata = Object.entries(encodeCall(told));
      for (const [name, value] of metadata) {
        expect(name).toMatch(/^[a-z-]+$/);
        // Of blank space at their ends headers lose what there is.
        expect(value).toMatch(/^(?! )[ -~]*(?<! )$/);
      }
      expect(metadata.flat().join('').length + VERIFIED_BY.length).toBeLessThanOrEqual(MAX_BYTES);
    }),
  );
});

test('what there is room for comes back as it was, and of longer facts the beginning', () => {
  fc.assert(
    fc.property(call, (told) => {
      const decoded = decodeCall(encodeCall(told)) as Record<string, string>;
      for (const [field, value = ''] of Object.entries(told)) {
        const { [field]: back = '' } = decoded;
        expect(value.toWellFormed().startsWith(back)).toBe(true);
        if (Buffer.byteLength(value) * 3 <= 150) expect(back).toBe(value.toWellFormed());
      }
    }),
  );
});

test('what somebody else wrote is read without fail', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('call-id', 'from', '__proto__', 'trunk'), anyText),
      (metadata) => {
        for (const value of Object.values(decodeCall(metadata))) expect(typeof value).toBe('string');
      },
    ),
  );
});
