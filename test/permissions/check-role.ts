import { join } from 'node:path';
import { describe, expect, type RunnerTestSuite, test } from 'vitest';
import { sourceOf, withDependencies } from '../imports.ts';
import { synthArchive } from '../infra/stack/synth-archive.ts';
import { type Feature, grantedTo, neededByLambda } from './granted.ts';
import { neededFor } from './needed.ts';
import { comparePermissions, describePermission, type Permission } from './permission.ts';
import type { AwsCall } from './record-calls.ts';

const network = { vpcId: 'vpc-0a000000', subnetIds: ['subnet-0a000000'], endpoints: 'existing' };

/**
 * Tests that the role of a function allows exactly what its handler has called. Belongs at the end of the handler's
 * tests: these have to reach every operation of the modules that the handler imports, so that none is overlooked.
 *
 * @param neverCalled operations of shared modules that only other functions call
 * @param settings what the tests have switched on
 */
export function checkRole(
  feature: Feature,
  calls: readonly AwsCall[],
  neverCalled: string[] = [],
  settings: Record<string, unknown> = {},
): void {
  const list = (verb: string, permissions: Permission[]) =>
    [...new Set(permissions.map(describePermission))].map((what) => `${feature} ${verb} ${what}`);

  describe.each([
    ['', {}, false],
    [' in a VPC, with encryption by KMS', { network, bucket: { encryption: 'kms' } }, true],
  ])('the role%s', (_, config, isEncrypted) => {
    const compare = () => {
      const { resources } = synthArchive({ ...settings, ...config });
      const needed = calls.flatMap((call) => neededFor(call, isEncrypted));
      needed.push(...neededByLambda(feature, resources));
      return comparePermissions(grantedTo(feature, resources), needed);
    };

    test('allows everything that the function has called', () => {
      expect(list('lacks', compare().missing)).toEqual([]);
    });

    test('allows nothing else', ({ task, skip }) => {
      skip(isPartial(task.file), 'not all tests of this file have run');
      expect(list('does not need', compare().superfluous)).toEqual([]);
    });
  });

  test('every operation that the function can call has been called', ({ task, skip }) => {
    skip(isPartial(task.file), 'not all tests of this file have run');
    const called = new Set(calls.map(({ operation }) => operation));
    const uncalled = operationsOf(feature).filter((operation) => !called.has(operation));
    expect(uncalled).toEqual([...neverCalled].sort());
  });
}

/** DynamoDB's operations, by their names in lib-dynamodb. */
const DOCUMENT_OPERATIONS: Readonly<Record<string, string>> = {
  BatchGet: 'BatchGetItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
};

/** The operations of AWS that the handler's modules import. */
function operationsOf(feature: Feature): string[] {
  const sources = [...withDependencies(join('functions', feature, 'handler.ts'))].map(sourceOf);
  const imports = sources.flatMap((source) =>
    Array.from(
      source.matchAll(/^import \{([^}]+)\} from '@aws-sdk\/(?:client-|lib-dynamodb)/gm),
      ([, names = '']) => names,
    ),
  );
  const operations = imports.flatMap((names) =>
    Array.from(
      names.matchAll(/\b(?:(\w+)Command|paginate(\w+))\b/g),
      ([, command = '', list = '']) => DOCUMENT_OPERATIONS[command] ?? (command || list),
    ),
  );
  return [...new Set(operations)].sort();
}

/** Whether a filter or `.only` has left tests out. */
const isPartial = ({ tasks }: RunnerTestSuite): boolean =>
  tasks.some((task) => task.mode === 'skip' || (task.type === 'suite' && isPartial(task)));
