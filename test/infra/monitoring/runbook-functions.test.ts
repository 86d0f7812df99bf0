import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { hasTool } from '../../has-tool.ts';

const runbook = readFileSync('docs/runbook.md', 'utf8');
const [, pasted = ''] = /```sh\n([\s\S]*?)```/.exec(runbook) ?? [];

/** Responds as the AWS CLI does where there is one stack, in one region of one account. */
const AWS = `#!/bin/sh
case "$1 $2" in
  'cloudformation describe-stacks')
    if [ "$AWS_PROFILE" = nobody ]; then
      printf '\\nUnable to locate credentials. You can configure credentials by running "aws login".\\n' >&2
      exit 253
    elif [ "$4" != PbxRecordingArchive ] || [ "$AWS_REGION" != eu-central-1 ] || [ "$AWS_PROFILE" = other ]; then
      printf '\\nAn error occurred (ValidationError) when calling the DescribeStacks operation: ' >&2
      printf 'Stack with id %s does not exist\\n' "$4" >&2
      exit 254
    fi
    case "$*" in
      *"'PbxSessionLogs'"*) echo /aws/lambda/session ;;
      *"'PbxSessionFunction'"*) echo session-function ;;
      *"'AlarmTopicArn'"*) echo arn:aws:sns:eu-central-1:111122223333:topic ;;
      *) echo ;;
    esac ;;
  'sts get-caller-identity')
    [ "$AWS_PROFILE" = nobody ] && exit 253
    [ "$AWS_PROFILE" = other ] && echo 444455556666 || echo 111122223333 ;;
  'configure get') exit 1 ;;
  'logs filter-log-events')
    case "$*" in *session-down*) printf '%s\\n' '{"message":"two\\nlines"}' ;; esac ;;
  'cloudwatch describe-alarms') printf '%s' "$ALARMS" ;;
  'lambda invoke') echo "invoked $4" ;;
  *) echo "unexpected: $*" >&2; exit 252 ;;
esac
`;

const directory = mkdtempSync(join(tmpdir(), 'runbook-'));
writeFileSync(join(directory, 'aws'), AWS);
chmodSync(join(directory, 'aws'), 0o755);
afterAll(() => rmSync(directory, { recursive: true }));

describe.each(['bash', 'zsh'].filter(hasTool))('the shell functions, in %s,', (shell) => {
  function run(command: string, environment: Record<string, string> = {}) {
    const { stdout, stderr, status } = spawnSync(shell, {
      input: `${pasted}\n${command}`,
      encoding: 'utf8',
      env: {
        PATH: directory + delimiter + process.env.PATH,
        HOME: directory,
        AWS_REGION: 'eu-central-1',
        ...environment,
      },
    });
    return { stdout, stderr, status };
  }

  test('find the outputs, the log lines, the functions and the alarms of the stack', () => {
    expect(run('output PbxSessionLogs').stdout).toBe('/aws/lambda/session\n');
    expect(run('outcomes PbxSession session-down 1').stdout).toBe('{"message":"two\\nlines"}\n');
    expect(run("invoke PbxSession '{}'").stdout).toBe('invoked session-function\n');
    const lines = [
      'PbxRecordingArchive-throttling\t2026\tAct today: docs/runbook.md#throttling',
      'PbxRecordingArchive-session-down-berlin\t2027\tAct now: docs/runbook.md#session-down',
      // Another stack's.
      'PbxRecordingArchive-berlin-throttling\t2028\tAct today: docs/runbook.md#throttling',
    ];
    expect(run('alarms', { ALARMS: lines.join('\n') }).stdout).toBe(
      'PbxRecordingArchive-throttling\t2026\nPbxRecordingArchive-session-down-berlin\t2027\n',
    );
  });

  test('say when there is nothing', () => {
    expect(run('outcomes PbxSession no-credentials 6').stdout).toBe(
      '(no such line of PbxSession in the last 6 hours)\n',
    );
    expect(run('alarms').stdout).toBe('(no alarm is on)\n');
  });

  const commands = [
    'output PbxSessionLogs',
    "search PbxSession 1 ''",
    'outcomes PbxSession session-down 1',
    "invoke PbxSession '{}'",
    'alarms',
  ];

  test.each(commands)('say that the stack, the region or the account is wrong: %s', (command) => {
    const wrong = {
      stack: {
        result: run(`stack=Typo\n${command}`),
        used: 'Typo in region eu-central-1, account 111122223333',
      },
      region: {
        result: run(command, { AWS_REGION: 'us-east-1' }),
        used: 'PbxRecordingArchive in region us-east-1, account 111122223333',
      },
      account: {
        result: run(command, { AWS_PROFILE: 'other' }),
        used: 'PbxRecordingArchive in region eu-central-1, account 444455556666',
      },
    };
    for (const { result, used } of Object.values(wrong)) {
      const { stdout, stderr, status } = result;
      expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
      expect(stderr).toBe(
        `Cannot read the stack ${used}. Correct stack, AWS_REGION or AWS_PROFILE. AWS says: An error occurred ` +
          '(ValidationError) when calling the DescribeStacks operation: Stack with id ' +
          `${used.split(' ')[0]} does not exist\n`,
      );
    }
  });

  test('say that nobody is signed in', () => {
    const { stdout, stderr, status } = run('alarms', { AWS_PROFILE: 'nobody', AWS_REGION: '' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toMatch(
      /^Cannot read the stack PbxRecordingArchive in region unknown, account unknown\. .* AWS says: Unable to locate credentials\. .*\n$/,
    );
  });

  test.each(commands)('say that the AWS CLI is missing: %s', (command) => {
    const { stdout, stderr, status } = run(`PATH=/nonexistent\n${command}`);
    expect({ stdout, stderr, status }).toEqual({
      stdout: '',
      stderr:
        'The AWS CLI is not installed, or not in PATH. Install version 2: https://aws.amazon.com/cli/\n',
      status: 1,
    });
  });

  test('say that a name is mistyped', () => {
    const { stdout, stderr, status } = run('outcomes PbxSesion session-down 1');
    expect({ stdout, stderr, status }).toEqual({
      stdout: '',
      stderr: 'The stack PbxRecordingArchive has no output PbxSesionLogs. Is the name right?\n',
      status: 1,
    });
  });
});
