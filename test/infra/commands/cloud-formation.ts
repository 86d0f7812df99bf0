import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

const describeStacksResponse = (stackName: string, outputs: Record<string, string>, status: string) => {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
    <StackName>${stackName}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>${status}</StackStatus>
    <Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
};

const missing = (
  stackName: string,
) => `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
  <Code>ValidationError</Code><Message>Stack with id ${stackName} does not exist</Message></Error></ErrorResponse>`;

/** A CloudFormation with only `DescribeStacks`, which knows one stack with these outputs, or none. */
export async function startCloudFormation(
  stackName: string,
  outputs: Record<string, string> | undefined,
  status = 'CREATE_COMPLETE',
): Promise<string> {
  const server = createServer(async (request, response) => {
    const [body] = await request.setEncoding('utf8').toArray();
    const isKnown = new URLSearchParams(body).get('StackName') === stackName;
    response.writeHead(outputs && isKnown ? 200 : 400, { 'content-type': 'text/xml' });
    response.end(
      outputs && isKnown ? describeStacksResponse(stackName, outputs, status) : missing(stackName),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
