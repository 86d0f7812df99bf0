import { vi } from 'vitest';

/** A call to AWS through the SDK. */
export interface AwsCall {
  service: string;
  operation: string;
  input: Readonly<Record<string, unknown>>;
  /** HTTP status of a response that was an error. */
  errorStatus?: number;
}

/** The part of the SDK's clients that is used here. Each client has its own type for it. */
interface Client {
  middlewareStack: { add(middleware: Middleware, options: { step: 'initialize' }): void };
}
type Args = { input: AwsCall['input'] };
type Middleware = (
  next: (args: Args) => Promise<unknown>,
  context: { clientName?: string; commandName?: string },
) => (args: Args) => Promise<unknown>;

export interface CallRecorder {
  calls: AwsCall[];
  /** Loads a handler and records its calls. Handlers that are loaded otherwise are not recorded. */
  load<Handler>(importHandler: () => Promise<Handler>): Promise<Handler>;
}

/**
 * Records what a handler calls, at the SDK's clients that it builds when it is loaded. There, presigning counts as a
 * call too: S3 checks a presigned request as if its signer had sent it.
 */
export function recordCalls(): CallRecorder {
  const calls: AwsCall[] = [];
  let isLoading = false;
  vi.doMock('../../functions/shared/aws-clients.ts', async (importOriginal) => {
    const original = await importOriginal<Record<string, unknown>>();
    const exported = Object.entries(original).map(([name, value]) => [
      name,
      /^create\w+Client$/.test(name) ? recording(value as () => Client) : value,
    ]);
    return Object.fromEntries(exported);
  });

  function recording(createClient: (...args: unknown[]) => Client) {
    return (...args: unknown[]) => {
      const client = createClient(...args);
      if (isLoading) client.middlewareStack.add(record, { step: 'initialize' });
      return client;
    };
  }

  const record: Middleware =
    (next, { clientName = '', commandName = '' }) =>
    async (args) => {
      const call: AwsCall = {
        service: clientName.replace(/Client$/, ''),
        operation: commandName.replace(/Command$/, ''),
        input: args.input,
      };
      calls.push(call);
      try {
        return await next(args);
      } catch (error) {
        const { httpStatusCode } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {};
        if (httpStatusCode !== undefined) call.errorStatus = httpStatusCode;
        throw error;
      }
    };

  return {
    calls,
    async load(importHandler) {
      isLoading = true;
      try {
        return await importHandler();
      } finally {
        isLoading = false;
      }
    },
  };
}
