/**
 * Why a file cannot be decoded:
 * - `unknown-format`: neither a WAV file nor raw GSM;
 * - `unsupported-codec`: a WAV file with a codec, or a variant of one, that is not decoded here;
 * - `header-incomplete`: a WAV file that ends before its audio or does not describe it;
 * - `decoder-failed`: the worker did not start or broke down;
 * - `decoder-closed`: the worker was ended on purpose.
 */
export type AudioErrorCode =
  | 'unknown-format'
  | 'unsupported-codec'
  | 'header-incomplete'
  | 'decoder-failed'
  | 'decoder-closed';

export class AudioError extends Error {
  override readonly name = 'AudioError';
  readonly code: AudioErrorCode;

  constructor(code: AudioErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
