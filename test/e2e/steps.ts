import { interrupted, ProgramError } from './run-program.ts';
import { runDirectory } from './settings.ts';

/** Does one step of the run, and prints one line about it. A failure names the step that failed. */
export async function step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(7);
  try {
    const result = await work();
    console.log(`ok      ${seconds()}  ${name}`);
    return result;
  } catch (error) {
    console.log(`FAILED  ${seconds()}  ${name}`);
    throw error;
  }
}

export function printFailure(error: unknown): void {
  console.error(interrupted.aborted ? 'Interrupted.' : describe(error));
  console.error(`\nThe logs of the functions, of the emulator and of the CDK are in ${runDirectory}.`);
}

/** What a program printed says enough; of anything else, the stack says where. */
const describe = (error: unknown) => {
  if (error instanceof ProgramError) return error.message;
  return error instanceof Error ? error.stack : error;
};
