/** Limits `value` to 16 bits, as every addition of the codec does (EN 300 961, clause 5.1). */
export const saturate = (value: number) => (value > 32767 ? 32767 : value < -32768 ? -32768 : value);

/**
 * `mult_r` of EN 300 961, clause 5.1: product of two Q15 fractions, rounded. The standard saturates -32768 × -32768. In a
 * decoder, one factor is always greater than -32768.
 */
export const multiplyRounded = (a: number, b: number) => (a * b + 16384) >> 15;
