import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { STATUS } from '../../../functions/cdr-webhook/receive-report.ts';
import { CREDENTIALS } from '../../../functions/shared/config/pbx-registry.ts';
import { type Reporter, reportDialectOf } from '../../../functions/shared/pbx/family-reports.ts';
import type { Family } from '../../../functions/shared/pbx/family-settings.ts';
import { LOG_EVENTS } from '../../../functions/shared/telemetry/events.ts';
import { describeFinding } from '../../../infra/commands/doctor/finding.ts';
import { synthArchive } from '../stack/synth-archive.ts';

const checklist = readFileSync('docs/first-deployment.md', 'utf8');
const lines = Array.from(
  checklist.matchAll(/^\| (\d+) \| (.+?) \| (.+) \|$/gm),
  ([, number, command = '', success = '']) => ({ number: Number(number), command, success }),
);
const preparation = /^```sh\n([\s\S]*?)^```$/m.exec(checklist)?.[1] ?? '';
const commands = lines.flatMap(({ command }) => /^`(.+)`$/.exec(command)?.[1] ?? []);
const all = [preparation, ...commands].join('\n');

/** The anchor that GitHub generates for a heading. */
const anchorOf = (heading: string) => heading.toLowerCase().replaceAll(' ', '-');

describe('the checklist for the first deployment', () => {
  test('has twenty lines, each with a command and what it shows', () => {
    expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    // One says that the command is the same once more.
    expect(commands).toHaveLength(19);
  });

  test('has commands with valid shell syntax, which fit into a table', () => {
    const { stderr, status } = spawnSync('bash', ['-n'], { input: all, encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(commands.filter((command) => command.includes('|'))).toEqual([]);
  });

  test('passes a name to curl so that curl encodes it: names have blanks, + and #', () => {
    const requests = commands.filter((command) => command.includes('$RECORDING'));
    expect(requests).toHaveLength(3);
    for (const request of requests) {
      expect(request).toMatch(/^curl (?=.* -G )/);
      expect(request.replace('--data-urlencode "recording=$RECORDING"', '')).not.toContain('RECORDING');
    }
  });

  test('uses scripts, outputs and events that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const [, name = ''] of all.matchAll(/npm run ([a-z-]+)/g)) expect(scripts).toHaveProperty(name);
    const { outputs, resources } = synthArchive();
    const used = [
      ...Array.from(all.matchAll(/\$\(output ([A-Z]\w+)\)/g), ([, name]) => name),
      ...Array.from(all.matchAll(/outcomes ([A-Z]\w+)/g), ([, name]) => `${name}Logs`),
      ...Array.from(all.matchAll(/invoke ([A-Z]\w+)/g), ([, name]) => `${name}Function`),
    ];
    expect(used.length).toBeGreaterThan(8);
    expect(Object.keys(outputs)).toEqual(expect.arrayContaining(used));
    const events = Array.from(all.matchAll(/outcomes \w+ ([a-z-]+)/g), ([, event]) => event);
    expect(events.length).toBeGreaterThan(2);
    expect(LOG_EVENTS).toEqual(expect.arrayContaining(events));
    const [, alarm] = /--alarm-name "\$stack-([a-z-]+)"/.exec(all) ?? [];
    const alarms = Object.values(resources).map(({ Properties }) => Properties?.AlarmName);
    expect(alarms).toContain(`PbxRecordingArchive-${alarm}`);
  });

  test('quotes the lines of npm run doctor as it prints them', () => {
    const ok = (check: string, text: string, pbx?: string) =>
      stripVTControlCharacters(
        describeFinding({ status: 'ok', check, text, ...(pbx !== undefined && { pbx }) }),
      );
    const quoted = lines.flatMap(({ success }) => success.match(/(?<=`)[^`]+(?=`)/g) ?? []);
    expect(quoted).toContain(ok('stack', 'CREATE_COMPLETE, all outputs are there'));
    const filledIn = (family: Family) => {
      const [name, password] = CREDENTIALS[family].fields;
      return `${name} and ${password} are filled in`;
    };
    expect(quoted).toContain(ok('credentials', filledIn('s-series'), 'head-office'));
    expect(quoted).toContain(filledIn('p-series'));
  });

  test('expects the status that the webhook gives a wrong report, for each family', () => {
    const statusOf = (reporter: Reporter) => STATUS[reportDialectOf(reporter).rejection];
    const { success } = lines.find(({ command }) => command.includes('/reports/$pbx/wrong')) ?? {};
    const ordinary = statusOf({ family: 's-series', apiVersion: 'v1.1.0' });
    const pSeries = statusOf({ family: 'p-series', reportAuthentication: 'signature' });
    expect(success).toBe(`\`${ordinary}\`; with a P-Series, \`${pSeries}\``);
    expect(statusOf({ family: 'p-series', reportAuthentication: 'path' })).toBe(pSeries);
  });

  test('links only to headings and files that exist', () => {
    const links = Array.from(checklist.matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g));
    expect(links.length).toBeGreaterThan(3);
    for (const [, file = '', anchor] of links) {
      const headings = Array.from(
        readFileSync(`docs/${file}`, 'utf8').matchAll(/^#+ (.+)$/gm),
        ([, heading]) => anchorOf(heading ?? ''),
      );
      if (anchor !== undefined) expect(headings).toContain(anchor);
    }
  });
});
