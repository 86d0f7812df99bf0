import { afterEach, expect, test } from 'vitest';
import { setClock } from '../../../functions/archive-page/app/archive-clock.ts';
import { createFormats } from '../../../functions/archive-page/app/formats.ts';
import { createPeriods } from '../../../functions/archive-page/app/periods.ts';

const respondAt = (ms: number) =>
  setClock(new Response(null, { headers: { date: new Date(ms).toUTCString() } }));
afterEach(() => respondAt(Date.now()));

test('what is called today does not follow a device whose clock is wrong', () => {
  // Some years from now: noon, so that the test is not at midnight.
  const noon = Date.parse('2031-05-20T12:00:00Z');
  respondAt(noon);
  expect(createFormats('en-GB').dayHeading('2031-05-20T08:00:00Z', 'UTC')).toMatch(/^Today, Tuesday/);
  expect(createFormats('en-GB').moment('2031-05-20T08:00:00Z', 'UTC')).toBe('08:00\u00A0UTC');
  expect(createPeriods([{ id: 'hq', timeZone: 'UTC' }], '').today).toEqual({
    from: '2031-05-20',
    to: '2031-05-20',
  });
});
