import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readRequests as readSessionRequests } from '../../../functions/pbx-session/session-request.ts';
import { readRequest as readReconcileRequest } from '../../../functions/reconcile/reconcile-request.ts';
import { LOG_EVENTS } from '../../../functions/shared/telemetry/events.ts';
import { findResource, synthArchive } from '../stack/synth-archive.ts';

const read = (file: string) => readFileSync(`docs/${file}`, 'utf8');
const shellBlocks = (text: string) =>
  Array.from(text.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm), ([, code = '']) => code);

const operations = read('operations.md');
const runbook = read('runbook.md');
const [pasted = ''] = shellBlocks(runbook);
const [introduction = ''] = operations.split(/^## /m);

const assignedIn = (code: string) =>
  Array.from(code.matchAll(/(?:^|\s)(?:local )?([A-Za-z_]\w*)=/gm), ([, name = '']) => name);
const usedIn = (code: string) =>
  Array.from(code.matchAll(/\$\{?([A-Za-z_]\w*)/g), ([, name = '']) => name).filter(
    // Credentials of the AWS CLI.
    (name) => !name.startsWith('AWS_'),
  );

const sectionOf = (document: string, heading: string) =>
  document.split(new RegExp(`^#+ ${heading}\n`, 'm'))[1]?.split(/^#+ /m)[0] ?? '';

/** The functions that the alarms watch, as their log groups' outputs name them. */
const monitored = Object.keys(synthArchive().outputs).flatMap(
  (output) => /^([A-Z]\w+)Logs$/.exec(output)?.[1] ?? [],
);
const inKebabCase = (name: string) => name.replaceAll(/(?<=.)[A-Z]/g, '-$&').toLowerCase();

describe('docs/operations.md', () => {
  test.each(shellBlocks(operations).filter((block) => usedIn(block).length > 0))(
    'sets each variable before a command uses it: %s',
    (block) => {
      const set = [pasted, introduction, block].flatMap(assignedIn);
      expect(set).toEqual(expect.arrayContaining(usedIn(block)));
    },
  );

  test('uses outputs that the stack has', () => {
    const used = Array.from(
      shellBlocks(operations)
        .join('\n')
        .matchAll(/\$\(output ([A-Z]\w+)\)/g),
      ([, name]) => name,
    );
    expect(used.length).toBeGreaterThan(5);
    expect(Object.keys(synthArchive().outputs)).toEqual(expect.arrayContaining(used));
  });

  test('has commands with valid shell syntax', () => {
    const { stderr, status } = spawnSync('bash', ['-n'], {
      input: shellBlocks(operations).join('\n'),
      encoding: 'utf8',
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  test('lists each function: what it runs for, and the name of its log', () => {
    const rows = Array.from(operations.matchAll(/^\| ([a-z]+-[a-z]+|reconcile) \| /gm), ([, name]) => name);
    expect(rows).toEqual(expect.arrayContaining(monitored.map(inKebabCase)));
    const [, firstWords = ''] = /^The first word is ([^.]+)\./m.exec(operations) ?? [];
    const named = Array.from(firstWords.matchAll(/`(\w+)`/g), ([, name]) => name);
    expect(named.sort()).toEqual(monitored.sort());
  });

  test('explains each log event, and none that does not exist', () => {
    const [, section = ''] = operations.split('\n## Logs\n');
    const rows = section.split('\n## ')[0]?.matchAll(/^\| [^|]*\| (`[^|]+) \|/gm) ?? [];
    const explained = Array.from(rows, ([, cell = '']) => cell.replaceAll('`', '').split(', ')).flat();
    expect([...new Set(explained)].sort()).toEqual([...LOG_EVENTS].sort());
  });

  test('rebuilds the index wherever a stack begins with an empty one', () => {
    const [, table] = findResource(synthArchive().resources, 'AWS::DynamoDB::Table', 'Index');
    expect(table.DeletionPolicy).toBe('Delete');
    for (const section of [
      sectionOf(operations, 'Deploy again'),
      sectionOf(operations, 'Update to a new version'),
      sectionOf(read('configuration.md'), 'An existing bucket'),
    ]) {
      expect(section).toContain('npm run reindex -- --pbx all --from DAY');
    }
  });

  test('says how to delete an access table that a stack has left behind, protected as it is', () => {
    const [id, table] = findResource(synthArchive().resources, 'AWS::DynamoDB::Table', 'AccessTable');
    expect(table.DeletionPolicy).toBe('Retain');
    expect(table.Properties).toMatchObject({ DeletionProtectionEnabled: true });
    expect(table.Properties).not.toHaveProperty('TableName');
    const [commands = ''] = shellBlocks(sectionOf(operations, 'The former access table'));
    const [, name = ''] = /\{stackName\}-(\w+)…/.exec(commands) ?? [];
    expect(id.startsWith(name)).toBe(true);
    expect(commands).toMatch(/--no-deletion-protection-enabled\n.*delete-table/);
  });

  test('invokes functions with requests that they take', () => {
    const readers: Record<string, (request: unknown) => unknown> = {
      PbxSession: readSessionRequests,
      Reconcile: readReconcileRequest,
    };
    const calls = Array.from(operations.matchAll(/invoke ([A-Z]\w+) '([^']+)'/g));
    expect(calls.length).toBeGreaterThan(6);
    for (const [, name = '', json = ''] of calls) {
      expect(() => readers[name]?.(JSON.parse(json)), json).not.toThrow();
    }
    const [, ended = ''] = /invoke PbxSession '(.+)'/.exec(sectionOf(operations, 'Remove a PBX')) ?? [];
    expect(readSessionRequests(JSON.parse(ended))).toEqual([
      expect.objectContaining({ pbx: 'warehouse', endSession: true }),
    ]);
  });

  test('gives cron the account and the region, which it does not take from the shell', () => {
    const [, crontab = ''] = /^```\n((?:[A-Z_]+=.*\n)*0 7 [\s\S]*?)```$/m.exec(operations) ?? [];
    expect(assignedIn(crontab)).toEqual(expect.arrayContaining(['AWS_PROFILE', 'AWS_REGION', 'PATH']));
  });
});

describe('docs/runbook.md', () => {
  test('looks into the log of each function that the alarm for errors watches', () => {
    const [, looped = ''] = /for f in ([^;]+);/.exec(runbook) ?? [];
    expect(looped.split(' ').sort()).toEqual(monitored.sort());
  });

  test('says of each alarm that a new stack raises by itself that this is normal', () => {
    const raised = Object.values(synthArchive().resources).flatMap(({ Type, Properties }) =>
      Type === 'AWS::CloudWatch::Alarm' && Properties.TreatMissingData === 'breaching'
        ? (/runbook\.md#([a-z-]+)$/.exec(String(Properties.AlarmDescription))?.[1] ?? [])
        : [],
    );
    expect(raised.sort()).toEqual(['not-reconciled', 'session-down']);
    for (const heading of ['Not reconciled', 'Session down']) {
      expect(sectionOf(runbook, heading)).toMatch(/After a first\sdeployment[^.]* this is normal/);
    }
  });

  test('deletes the dead letters of lost recordings by each code that it lists them by', () => {
    const section = /^## Recording lost\n([\s\S]*?)^## /m.exec(runbook)?.[1] ?? '';
    const listed = Array.from(section.matchAll(/npm run dead-letters -- --code (\S+)/g), ([, code]) => code);
    const [deletion = ''] = /npm run redrive -- --code [^.]*--delete[^.]*\./.exec(section) ?? [];
    const deleted = Array.from(deletion.matchAll(/pbx-\d+/g), ([code]) => code);
    expect(listed).not.toEqual([]);
    expect(deleted.sort()).toEqual(listed.sort());
  });

  test('deletes by id what has no reason: jobs are among it', () => {
    expect(runbook).not.toContain('--code no-reason --delete');
  });
});
