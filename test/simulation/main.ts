import { runCommand } from '../../infra/commands/run-command.ts';
import { checkMutations } from './check-mutations.ts';
import { HELP, readOptions } from './options.ts';
import { simulate } from './simulate.ts';

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
    return true;
  }
  return options.mutations || options.mutation ? checkMutations(options) : simulate(options);
});
