import { describe, expect, test } from 'vitest';
import { readRequest } from '../../../functions/reconcile/reconcile-request.ts';

describe('a request', () => {
  test('without parameters is for the last day of every PBX', () => {
    expect(readRequest({})).toEqual({ hours: 24 });
    expect(readRequest(undefined)).toEqual({ hours: 24 });
  });

  test.each([
    [{ hours: 168 }],
    [{ schedule: 'wide', hours: 168 }],
    [{ schedule: 'discovery', pbx: ['warehouse'], hours: 1 }],
    [{ pbx: 'head-office', hours: 744 }],
    [{ pbx: ['head-office', 'warehouse'], hours: 1 }],
    [{ from: '2026-01-01', to: '2026-06-30' }],
    [{ pbx: 'head-office', from: '2026-01-01', to: '2026-01-01' }],
  ])('may be %j', (event) => {
    expect(readRequest(event)).toEqual(event);
  });

  test.each([
    [{ hours: 0 }],
    [{ hours: 745 }],
    [{ hours: 1.5 }],
    [{ hours: '24' }],
    [{ schedule: 'daily', hours: 24 }],
    [{ schedule: 'wide', from: '2026-01-01', to: '2026-01-02' }],
    [{ pbx: 'Head Office' }],
    [{ pbxs: 'head-office' }],
    [{ pbx: [] }],
    [{ pbx: ['Head Office'] }],
    [{ from: '2026-01-01' }],
    [{ to: '2026-01-01' }],
    [{ from: '2026-01-02', to: '2026-01-01' }],
    [{ from: '2026-02-30', to: '2026-03-01' }],
    [{ hours: 24, from: '2026-01-01', to: '2026-01-02' }],
    ['head-office'],
  ])('may not be %j', (event) => {
    expect(() => readRequest(event)).toThrow();
  });
});
