/** A CRC-32 as S3 writes it: base64 of its four bytes, the most significant first. */
export function toBase64(crc32: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes.toString('base64');
}
