import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { pbxIdSchema } from '../../../../functions/shared/config/pbx-registry.ts';
import { markerKey } from '../../../../functions/shared/recordings/markers.ts';
import {
  contentTypeOf,
  fileNameOf,
  findNameProblem,
  recordingKey,
} from '../../../../functions/shared/recordings/recording-name.ts';
import { fc, hostileText } from '../../../property.ts';

/** S3's limit (user guide, "Naming Amazon S3 objects"). */
const MAX_KEY_BYTES = 1024;

const pbxId = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/).filter((id) => v.is(pbxIdSchema, id));
const name = hostileText.filter((text) => findNameProblem(text) === undefined);

/** As `hostileText`, with names that look like encoded ones. */
const lookalike = fc
  .tuple(name, fc.constantFrom('', 'encoded/', 'encoded', '2017/09/01/', '%2E'), fc.boolean())
  .map(([text, prefix, isEncoded]) => prefix + (isEncoded ? encodeURIComponent(text) : text))
  .filter((text) => findNameProblem(text) === undefined);

/** The keys of these names have never been different. */
const isOrdinary = (text: string) => !/^\.|[/\\\p{Cc}]/u.test(text);

/** Every kind of key that is derived from a name, with its prefix. */
const KEYS: [string, (pbx: string) => string, (pbx: string, recording: string) => string][] = [
  ['the recording', (pbx) => `recordings/${pbx}/`, recordingKey],
  [
    'the marker that it is queued',
    (pbx) => `reconciliation/queued/${pbx}/`,
    (...of) => markerKey('queued', ...of),
  ],
  [
    'the marker that its job ended',
    (pbx) => `reconciliation/ended/${pbx}/`,
    (...of) => markerKey('ended', ...of),
  ],
];

describe.each(KEYS)('the key of %s', (_, prefixOf, keyOf) => {
  test('stays in the prefix of its PBX, and is accepted by S3', () => {
    fc.assert(
      fc.property(pbxId, lookalike, (pbx, recording) => {
        const key = keyOf(pbx, recording);
        expect(key.startsWith(prefixOf(pbx))).toBe(true);
        expect(key.slice(prefixOf(pbx).length)).toMatch(
          /^(?:undated|20\d\d\/\d\d\/\d\d)\/(?:encoded\/)?[^/]+$/,
        );
        expect(key.split('/').filter((segment) => ['', '.', '..'].includes(segment))).toEqual([]);
        expect(key).not.toMatch(/[\p{Cc}\\]/u);
        expect(key.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(MAX_KEY_BYTES);
      }),
    );
  });

  test('ends with an ordinary name as it is, and with any other one in a form that can be decoded', () => {
    fc.assert(
      fc.property(pbxId, lookalike, (pbx, recording) => {
        const folders = keyOf(pbx, recording).slice(prefixOf(pbx).length).split('/');
        const last = folders.pop() ?? '';
        expect(folders.includes('encoded')).toBe(!isOrdinary(recording));
        expect(isOrdinary(recording) ? last : decodeURIComponent(last)).toBe(recording);
      }),
    );
  });

  test('differs from that of every other recording, on any PBX', () => {
    const places = fc.uniqueArray(fc.tuple(pbxId, lookalike), { selector: ([pbx, of]) => `${pbx}/${of}` });
    fc.assert(
      fc.property(places, (recordings) => {
        expect(new Set(recordings.map(([pbx, recording]) => keyOf(pbx, recording))).size).toBe(
          recordings.length,
        );
      }),
    );
  });

  test('is accepted by S3 even for the longest names', () => {
    const pbx = 'p'.repeat(40);
    for (const letter of ['/', '\x9f', '%', 'a']) {
      const longest = `20170901181806-/${letter.repeat(239 / Buffer.byteLength(letter))}`;
      expect(findNameProblem(longest)).toBeUndefined();
      expect(Buffer.byteLength(keyOf(pbx, longest))).toBeLessThanOrEqual(MAX_KEY_BYTES);
    }
  });
});

test('any text can be checked as a name, and its content type is a plain header value', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      expect(['string', 'undefined']).toContain(typeof findNameProblem(text));
      expect(contentTypeOf(text)).toMatch(/^(?:audio|application)\/[a-z-]+$/);
      expect(fileNameOf(text)).not.toMatch(/^\.|[/\\\p{Cc}]/u);
    }),
  );
});
