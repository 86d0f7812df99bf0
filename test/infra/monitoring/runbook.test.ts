import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LOG_EVENTS } from '../../../functions/shared/telemetry/events.ts';
import { synthArchive } from '../stack/synth-archive.ts';

const runbook = readFileSync('docs/runbook.md', 'utf8');
const webhook = { url: 'https://crm.example/hook', header: 'x-api-key', secret: 'crm/webhook' };
/** With all alarms there are. */
const { resources, outputs } = synthArchive({ events: { webhook } });

/** The anchor that GitHub generates for a heading. */
const anchorOf = (heading: string) => heading.toLowerCase().replaceAll(' ', '-');
const anchors = Array.from(runbook.matchAll(/^## (.+)$/gm), ([, heading = '']) => anchorOf(heading));
const commands = Array.from(runbook.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm), ([, code = '']) => code);
const withoutComments = commands.join('\n').replaceAll(/#.*$/gm, '');
const allOf = (pattern: RegExp) => Array.from(withoutComments.matchAll(pattern), ([, found = '']) => found);

const sections = new Map(
  runbook
    .split(/^## /m)
    .slice(1)
    .map((section) => [anchorOf(section.split('\n')[0] ?? ''), section] as const),
);

/** Every alarm, by the parts of its description. */
const alarms = Object.values(resources).flatMap(({ Type, Properties }) => {
  if (Type !== 'AWS::CloudWatch::Alarm') return [];
  const { AlarmName, AlarmDescription } = Properties;
  const [, urgency, impact, heading] =
    / Act ([a-z ]+)\. (.+\.) What to do: docs\/runbook\.md#([a-z-]+)$/.exec(String(AlarmDescription)) ?? [];
  return [{ name: String(AlarmName), urgency, impact, heading: String(heading) }];
});

/** Sections about what no alarm watches. */
const WITHOUT_ALARM = ['links-fail'];

describe('the runbook', () => {
  test('has a heading for each alarm, and the description of the alarm links to it', () => {
    for (const { name, heading } of alarms) expect(name).toContain(`PbxRecordingArchive-${heading}`);
    const headings = [...alarms.map(({ heading }) => heading), ...WITHOUT_ALARM];
    expect(headings.sort()).toEqual(anchors.sort());
    expect(alarms).toHaveLength(15);
  });

  test.each(alarms)('says of $heading what the alarm itself says: how soon to act, and why', (alarm) => {
    const { heading, urgency, impact } = alarm;
    expect(['now', 'today', 'this week']).toContain(urgency);
    const text = sections.get(heading)?.replaceAll('\n', ' ');
    expect(text).toContain(` **Act ${urgency}.** ${impact} `);
  });

  test('lists all alarms, and how soon to act on each', () => {
    const rows = Array.from(
      runbook.matchAll(/^\| \[[^\]]+\]\(#([a-z-]+)\) \| ([a-z ]+) \|$/gm),
      ([, heading, urgency]) => `${heading}: ${urgency}`,
    );
    expect(rows.sort()).toEqual(alarms.map(({ heading, urgency }) => `${heading}: ${urgency}`).sort());
  });

  test('says of everything what it means, how soon to act, where to look, how to fix it and when it is over', () => {
    for (const [heading, section] of sections) {
      const steps = Array.from(section.matchAll(/^\*\*(\w+)/gm), ([, step]) => step);
      expect([heading, ...steps]).toEqual([heading, 'Means', 'Act', 'Look', 'Fix', 'Over']);
    }
  });

  test('links only to headings and files that exist', () => {
    for (const [, target = ''] of runbook.matchAll(/\]\((?!https:)([^)]+)\)/g)) {
      const [file, anchor = ''] = target.split('#');
      const existing =
        file === ''
          ? anchors
          : Array.from(readFileSync(`docs/${file}`, 'utf8').matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
              anchorOf(heading),
            );
      expect(existing).toContain(anchor);
    }
  });

  test('has commands with valid shell syntax', () => {
    const { stderr, status } = spawnSync('bash', ['-n'], { input: commands.join('\n'), encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  test('uses outputs that the stack has and events that the functions log', () => {
    const logs = allOf(/(?:outcomes|search) ([A-Z]\w+)/g).map((name) => `${name}Logs`);
    const functions = allOf(/invoke ([A-Z]\w+)/g).map((name) => `${name}Function`);
    const looped = allOf(/for f in ([^;]+);/g).flatMap((names) =>
      names.split(' ').map((name) => `${name}Logs`),
    );
    const used = [...logs, ...functions, ...looped, ...allOf(/output ([A-Z]\w+)/g)];
    expect(used.length).toBeGreaterThan(15);
    expect(Object.keys(outputs)).toEqual(expect.arrayContaining(used));

    const events = allOf(/outcomes \w+ ([a-z-]+)/g);
    expect(events.length).toBeGreaterThan(8);
    expect(LOG_EVENTS).toEqual(expect.arrayContaining(events));
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const [, name = ''] of runbook.matchAll(/npm run ([a-z-]+)/g)) expect(scripts).toHaveProperty(name);
  });
});
