import type { AwsAnswer } from '../../../functions/shared/aws/aws-request.ts';
import type { OutgoingRequest } from '../../../functions/shared/aws/send-request.ts';
import { sendThrough } from './transport.ts';

/** Puts the simulated services under the functions' own client. */
export async function sendRequest(outgoing: OutgoingRequest): Promise<AwsAnswer> {
  const { method, origin, headers, body, signal, timeoutMs } = outgoing;
  const [path = '', query = ''] = outgoing.path.split('?');
  const request = {
    method,
    hostname: new URL(origin).hostname,
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers,
    body,
  };
  const answer = await sendThrough(request, { timeoutMs, signal });
  return { ...answer, body: answer.body.toString() };
}
