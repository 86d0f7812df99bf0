import { writeFileSync } from 'node:fs';
import { buildDocument } from './document.ts';
import { DOCUMENT_FILE, format } from './file.ts';

// npm run openapi
writeFileSync(DOCUMENT_FILE, format(buildDocument()));
console.log(`${DOCUMENT_FILE} is up to date.`);
