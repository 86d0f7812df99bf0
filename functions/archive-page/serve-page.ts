import type { PageFile } from './page-files.ts';

export interface PageRequest {
  /** The last segment of `/assets/{file}`; absent for the page itself. */
  file: string | undefined;
  acceptEncoding: string | undefined;
}

export interface PageResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

const IMMUTABLE = 'public, max-age=31536000, immutable';

/** Finds a file of the page. What the page shows is decided in the browser, so all its addresses get the same HTML. */
export function servePage(
  { file, acceptEncoding = '' }: PageRequest,
  files: ReadonlyMap<string, PageFile>,
  securityHeaders: Record<string, string>,
): PageResponse {
  const found = files.get(file === undefined ? 'index.html' : `assets/${file}`);
  if (found === undefined) {
    const headers = { ...securityHeaders, 'content-type': 'text/plain', 'cache-control': 'no-store' };
    return { status: 404, headers, body: Buffer.from('Not found') };
  }
  const isGzipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/i.test(acceptEncoding);
  return {
    status: 200,
    headers: {
      ...securityHeaders,
      'content-type': found.contentType,
      // The name of an asset follows from its content.
      'cache-control': file === undefined ? 'no-cache' : IMMUTABLE,
      vary: 'accept-encoding',
      ...(isGzipped && { 'content-encoding': 'gzip' }),
    },
    body: isGzipped ? found.gzipped : found.content,
  };
}
