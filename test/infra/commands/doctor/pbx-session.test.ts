import { LambdaClient } from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import { invokePbxSession } from '../../../../infra/commands/doctor/pbx-session.ts';
import { describeError } from '../../../../infra/shared/describe-error.ts';
import { type Invocation, type InvocationResponse, startLambda } from './aws-stand-ins.ts';

async function invoke(request: { pbx?: string }, response: InvocationResponse) {
  const invocations: Invocation[] = [];
  const endpoint = await startLambda((invocation) => {
    invocations.push(invocation);
    return response;
  });
  const lambda = new LambdaClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'key-of-the-lambda' },
    maxAttempts: 1,
  });
  const outcome = await invokePbxSession(lambda, 'Archive-PbxSession1A2B', request).catch(describeError);
  return { invocations, outcome };
}

test.each([{}, { pbx: 'head-office' }])(
  'the function is invoked with %j, as a person would',
  async (request) => {
    const sessions = [{ pbx: 'head-office', outcome: 'kept-alive', skewSeconds: -2 }];
    const { invocations, outcome } = await invoke(request, { body: { sessions, batchItemFailures: [] } });
    expect(invocations).toEqual([{ functionName: 'Archive-PbxSession1A2B', payload: request }]);
    expect(outcome).toEqual(sessions);
  },
);

test.each([
  [
    'a function that crashed',
    {
      body: {
        errorType: 'Error',
        errorMessage: 'The environment is not valid:\n  BUCKET_NAME is missing',
        trace: ['Error: …'],
      },
      functionError: 'Unhandled',
    },
    'The function failed (The environment is not valid: BUCKET_NAME is missing). See docs/runbook.md#function-errors.',
  ],
  [
    'a function that crashed without a reason',
    { body: '', functionError: 'Unhandled' },
    'The function failed (Unhandled). See docs/runbook.md#function-errors.',
  ],
  [
    'a response of another version',
    { body: { kept: [] } },
    'The response of the function is of another version. Run npm run deploy.',
  ],
  ['a response that is not JSON', { body: '"' }, 'The response of the function is of another version.'],
  [
    'a missing permission',
    {
      status: 403,
      body: { Message: 'You may not lambda:InvokeFunction.' },
      refusal: 'AccessDeniedException',
    },
    'These AWS credentials lack a permission (AccessDeniedException: You may not lambda:InvokeFunction.).',
  ],
  [
    'throttling',
    { status: 429, body: { message: 'Rate Exceeded.' }, refusal: 'TooManyRequestsException' },
    'AWS: Rate Exceeded. (TooManyRequestsException)',
  ],
])('%s is reported in one sentence', async (_, response, sentence) => {
  const { outcome } = await invoke({}, response);
  expect(outcome).toContain(sentence);
});

test('a stack without the output is reported', async () => {
  await expect(invokePbxSession(new LambdaClient({}), undefined, {})).rejects.toThrow(
    'The stack has no output PbxSessionFunction.',
  );
});
