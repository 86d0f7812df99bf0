/** ITU-T G.711: 16-bit samples of all 256 codes, the 13 or 14 bits of the standard in the high bits. */
export const ALAW_SAMPLES = Int16Array.from({ length: 256 }, (_, code) => expandAlaw(code));
export const MULAW_SAMPLES = Int16Array.from({ length: 256 }, (_, code) => expandMulaw(code));

/** Even bits are sent inverted. A positive sample has the sign bit set. */
function expandAlaw(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 0xf) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

/** All bits are sent inverted. The encoder's bias of 33 (14 bits) is taken off. */
function expandMulaw(code: number): number {
  const bits = ~code;
  const segment = (bits >> 4) & 7;
  const magnitude = ((((bits & 0xf) << 3) + 0x84) << segment) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
}
