import { describe, expect, test } from 'vitest';
import { withoutPins } from '../../../../functions/shared/pbx/without-pins.ts';

describe('a text without a PIN is unchanged:', () => {
  test.each([
    '',
    'not JSON',
    ' {"a" : 1.50,\t"n":12345678901234567890}\r\n\0',
    '{"pincode":"","msg":"{\\"pin_code\\":null}"}',
    '{"a":"pincode","b":"4829"}',
    "{'a':'pincode','spincode':'4829','pincodes':'4829'}",
    '"482915"',
    '482915',
  ])('%j', (text) => {
    expect(withoutPins(text)).toBe(text);
  });
});

test.each([
  ['{"pincode":"4829","x":1}', '{"pincode":"[removed]","x":1}'],
  ['{"PinCode":4829}', '{"PinCode":"[removed]"}'],
  ['[{"pin_code":"4829"},{"pin_code":["4829"]}]', '[{"pin_code":"[removed]"},{"pin_code":"[removed]"}]'],
  ['{"msg":"{\\"pin_code\\":\\"4829\\"}"}', '{"msg":"{\\"pin_code\\":\\"[removed]\\"}"}'],
  ['{"msg":"{\\"pin_code\\":\\"48"}', '{"msg":"{\\"pin_code\\":\\"[removed]\\""}'],
  ['{"x":"a\tb","pincode":"4829","y":1}', '{"x":"a\tb","pincode":"[removed]","y":1}'],
  ['{"x":"a\tb","pincode":"48"2"}9","y":1}', '{"x":"a\tb","pincode":"[removed]","y":1}'],
  ['{"x":"a\tb","pincode":04829}\n', '{"x":"a\tb","pincode":"[removed]"}\n'],
  ['{"pincode":"48,\n"29', '{"pincode":"[removed]"'],
  ["{'pin_code': '4829', 'x': 1}", "{'pin_code':'[removed]', 'x': 1}"],
  ['{pin_code:4829}', '{pin_code:[removed]}'],
  ['{x:1,pin_code:"4829",y:1}', '{x:1,pin_code:[removed],y:1}'],
  ['pincode=4829&x=1', 'pincode=[removed]&x=1'],
  ['x=1&pincode=4829', 'x=1&pincode=[removed]'],
  ['{"msg":"x=1&pin_code=4829"}', '{"msg":"x=1&pin_code=[removed]"}'],
  ['<cdr><pin_code>4829</pin_code><x>1</x></cdr>', '<cdr><pin_code>[removed]</pin_code><x>1</x></cdr>'],
  ['<cdr x="1" pincode="4829"/>', '<cdr x="1" pincode=[removed]'],
])('PINs are removed: %j', (text, expected) => {
  expect(withoutPins(text)).toBe(expected);
});

test('a text that is nested too deeply to be written again loses its PINs, too', () => {
  const deep = '['.repeat(32_000) + ']'.repeat(32_000);
  const msg = JSON.stringify({ pin_code: '4829', x: 1 });
  const text = `{"pincode":"4829","msg":${JSON.stringify(msg)},"deep":${deep}}`;
  expect(withoutPins(text)).toBe(text.replaceAll('4829', '[removed]'));
});
