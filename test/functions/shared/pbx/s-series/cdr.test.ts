import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { callOf, cdrSchema } from '../../../../../functions/shared/pbx/s-series/cdr.ts';

const callFrom = (cdr: object) => callOf(v.parse(cdrSchema, cdr));

describe('a call detail record', () => {
  test('gives the details of the call under our names', () => {
    const cdr = {
      callid: '1505352445.265',
      timestart: '2017-09-14 09:27:25',
      callfrom: '102',
      callto: 1000,
      talkduraction: 29,
      status: 'ANSWERED',
      type: 'Inbound',
      srctrunkname: 'Berlin',
      didnumber: '901820',
      sn: '369362089179',
      recording: 'a.wav',
      agentringtime: '0',
    };
    expect(callFrom(cdr)).toEqual({
      callId: '1505352445.265',
      start: '2017-09-14 09:27:25',
      from: '102',
      to: '1000',
      talkSeconds: '29',
      status: 'ANSWERED',
      type: 'Inbound',
      trunk: 'Berlin',
      did: '901820',
      serialNumber: '369362089179',
    });
  });

  test('gives no detail for an empty field', () => {
    expect(callFrom({ callfrom: '', callto: null, didnumber: undefined })).toEqual({});
  });

  test.each(['srctrunkname', 'desttrunkname', 'dsttrcunkname', 'dsttrunkname', 'dstrunkname'])(
    'may call the trunk %s',
    (field) => {
      expect(callFrom({ srctrunkname: '', [field]: 'Berlin' })).toEqual({ trunk: 'Berlin' });
    },
  );

  test.each(['talkduration', 'talkduraction'])('may call the talk time %s', (field) => {
    expect(callFrom({ [field]: '29' })).toEqual({ talkSeconds: '29' });
  });

  test('with an unexpected value in one detail still gives the others', () => {
    expect(callFrom({ callfrom: { number: '102' }, callto: '1000' })).toEqual({ to: '1000' });
  });

  test('is invalid when the recording or the serial number has an unexpected type', () => {
    for (const cdr of [{ recording: ['a.wav'] }, { sn: {} }]) expect(v.is(cdrSchema, cdr)).toBe(false);
  });
});
