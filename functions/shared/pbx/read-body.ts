import { badResponse, connectionError } from './errors.ts';

/** Limit for a JSON response once decoded; a real one is far smaller. */
const MAX_RESPONSE_BYTES = 64 * 1024;

/** Reads a JSON response as text. */
export async function readBody(
  body: AsyncIterable<Buffer>,
  maxBytes: number = MAX_RESPONSE_BYTES,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw badResponse('it is too long');
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(error);
  }
  return Buffer.concat(chunks).toString();
}
