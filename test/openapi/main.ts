import { writeFileSync } from 'node:fs';
import { buildDocument } from './document.ts';
import { buildEventSchemas } from './event-schemas.ts';
import { DOCUMENT_FILE, format } from './file.ts';

// npm run openapi
writeFileSync(DOCUMENT_FILE, format(buildDocument()));
for (const { file, document } of buildEventSchemas()) writeFileSync(file, format(document));
console.log(`${DOCUMENT_FILE} and docs/events are up to date.`);
