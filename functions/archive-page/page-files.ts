import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface PageFile {
  contentType: string;
  content: Buffer;
  /** The same, compressed with gzip. */
  gzipped: Buffer;
}

/** Reads the files of the page, which are few and small. Keys are paths such as `assets/main-ABCDEFGH.js`. */
export function readPageFiles(directory: string): ReadonlyMap<string, PageFile> {
  const paths = ['index.html', ...readdirSync(join(directory, 'assets')).map((name) => `assets/${name}`)];
  return new Map(
    paths.flatMap((path) => {
      const contentType = CONTENT_TYPES[extname(path)];
      if (contentType === undefined) return [];
      const read = (name: string) => readFileSync(join(directory, name));
      return [[path, { contentType, content: read(path), gzipped: read(`${path}.gz`) }]];
    }),
  );
}
