export const DOCUMENT_FILE = 'docs/openapi.json';

export const format = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;
