import assert from 'node:assert/strict';
import type { DeployedStack } from './stack.ts';

type Item = Record<string, { S?: string }>;

/** Everything in the index that names a recording. */
export async function findRows({ aws, outputs }: DeployedStack, recording: string): Promise<Item[]> {
  const { Items } = await aws.call<{ Items: Item[] }>('dynamodb scan', { 'table-name': outputs.IndexTable });
  return Items.filter((item) => Object.values(item).some(({ S }) => S?.includes(recording)));
}

/** Gives a recording that does not exist the row of another one. */
export async function copyRow(stack: DeployedStack, recording: string, copy: string): Promise<void> {
  const [row] = await findRows(stack, recording);
  assert(row !== undefined, `The index has no row of ${recording}.`);
  await stack.aws.call('dynamodb put-item', {
    'table-name': stack.outputs.IndexTable,
    item: JSON.stringify(row).replaceAll(recording, copy),
  });
}

/** Deletes what the index has of a recording, as a person with permission for everything can. */
export async function deleteRows(stack: DeployedStack, recording: string): Promise<number> {
  const rows = await findRows(stack, recording);
  for (const { pbx, sk } of rows)
    await stack.aws.call('dynamodb delete-item', {
      'table-name': stack.outputs.IndexTable,
      key: JSON.stringify({ pbx, sk }),
    });
  return rows.length;
}
