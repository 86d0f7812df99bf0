import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

/** How the PBX, or a proxy before it, compresses files; `gzip-unannounced`: it does not say so. */
export type Compression = 'none' | 'gzip' | 'gzip-unannounced' | 'deflate' | 'br';

const ENCODERS = {
  gzip: gzipSync,
  'gzip-unannounced': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
};

export function compress(
  bytes: Buffer,
  compression: Compression,
): { bytes: Buffer; headers: Record<string, string> } {
  if (compression === 'none') return { bytes, headers: {} };
  const encoded = ENCODERS[compression](bytes);
  const isAnnounced = compression !== 'gzip-unannounced';
  return { bytes: encoded, headers: isAnnounced ? { 'Content-Encoding': compression } : {} };
}
