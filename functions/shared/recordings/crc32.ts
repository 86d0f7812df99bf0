/** CRC-32's polynomial (IEEE 802.3), reflected like all bit strings here: the highest power is in the lowest bit. */
const POLYNOMIAL = 0xedb88320;
const [ONE, X_TO_THE_8TH] = [1 << 31, 1 << 23];

/** A CRC-32 in the format of S3's API: base64 of its four bytes, the most significant first. */
export function toBase64(crc32: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes.toString('base64');
}

/**
 * zlib's `crc32_combine`, which Node does not export: the CRC-32 of a text followed by `secondBytes` bytes, from the
 * CRC-32 of each. That is the first one times x^(8 * secondBytes), plus the second one, modulo the polynomial. S3 wants
 * the CRC-32 of each part and of the whole, and a second pass over every part would cost noticeable CPU
 * (docs/benchmarks.md).
 */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  let shifted = first;
  let factor = X_TO_THE_8TH;
  for (let rest = secondBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shifted = multiply(shifted, factor);
    factor = multiply(factor, factor);
  }
  return (shifted ^ second) >>> 0;
}

/** Multiplies two polynomials over GF(2), modulo CRC-32's. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let power = ONE; power !== 0; power >>>= 1) {
    if (a & power) product ^= shifted;
    shifted = (shifted >>> 1) ^ (shifted & 1 ? POLYNOMIAL : 0);
  }
  return product;
}
