import type { Emulator } from './emulator.ts';
import { runProgram } from './run-program.ts';

export interface Response {
  status: number;
  /** By name in lower case; a name may occur more than once. */
  headers: Record<string, string[]>;
  body: Buffer;
}

/** Sends a request with curl, whatever host its URL names, to the emulator. */
export type Curl = (args: string[], input?: string | Buffer) => Promise<Response>;

/** What curl prints behind the body. */
const MARK = '\nresponse ';

export function createCurl({ address, certificate }: Emulator): Curl {
  const common = ['--silent', '--show-error', '--max-time', '30', '--cacert', certificate];
  // No name is resolved, and nothing leaves the machine.
  const toEmulator = ['--connect-to', `::${address}`];
  return async (args, input) => {
    const output = await runProgram(
      'curl',
      [
        ...common,
        ...toEmulator,
        '--write-out',
        `${MARK}{"status":%{http_code},"headers":%{header_json}}`,
        ...args,
      ],
      { ...(input !== undefined && { input }) },
    );
    const end = output.lastIndexOf(MARK);
    const { status, headers } = JSON.parse(output.subarray(end + MARK.length).toString());
    return { status, headers, body: output.subarray(0, end) };
  };
}
