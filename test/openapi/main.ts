// npm run openapi
import { writeFileSync } from 'node:fs';
import { runCommand } from '../../infra/commands/run-command.ts';
import { flag, parseCommandLine } from '../../infra/shared/command-line.ts';
import { buildDocument } from './document.ts';
import { buildEventSchemas } from './event-schemas.ts';
import { DOCUMENT_FILE, format } from './file.ts';

const HELP = `Writes ${DOCUMENT_FILE} and the schemas in docs/events from the code.

  npm run openapi

  --help  show this text`;

await runCommand(async () => {
  if (parseCommandLine({ options: { help: flag } }).values.help) {
    console.log(HELP);
    return true;
  }
  writeFileSync(DOCUMENT_FILE, format(buildDocument()));
  for (const { file, document } of buildEventSchemas()) writeFileSync(file, format(document));
  console.log(`${DOCUMENT_FILE} and docs/events are up to date.`);
  return true;
});
