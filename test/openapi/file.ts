import { readFileSync } from 'node:fs';

export const DOCUMENT_FILE = 'docs/openapi.json';

export const format = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

/** How many characters a field of a request's body may have, as the API is documented. */
export function maxLengthOf(path: string, field: string): number {
  const { paths } = JSON.parse(readFileSync(DOCUMENT_FILE, 'utf8'));
  return paths[path].post.requestBody.content['application/json'].schema.properties[field].maxLength;
}
