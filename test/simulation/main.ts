import { checkMutations } from './check-mutations.ts';
import { HELP, readOptions } from './options.ts';
import { simulate } from './simulate.ts';

const options = readOptions(process.argv.slice(2));
if (options.help) console.log(HELP);
else {
  const isWell =
    options.mutations || options.mutation ? await checkMutations(options) : await simulate(options);
  if (!isWell) process.exitCode = 1;
}
