import { describeError } from '../shared/describe-error.ts';
import { exitWithoutReader, printError } from '../shared/print.ts';

/** Sets the exit code: 0 if `command` resolves to true, 1 if it resolves to false or fails. */
export async function runCommand(command: () => Promise<boolean>): Promise<void> {
  exitWithoutReader();
  try {
    process.exitCode = (await command()) ? 0 : 1;
  } catch (error) {
    printError(describeError(error));
    process.exitCode = 1;
  }
}
