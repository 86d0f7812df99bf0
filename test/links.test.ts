import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root, sourceOf } from './imports.ts';

const documents = globSync(['*.md', 'docs/**/*.md', 'infra/**/*.md'], { cwd: root });

const withoutCode = (text: string) => text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');

/** The anchors that GitHub gives to the headings of a document; a repeated one gets a number. */
function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(sourceOf(document)).matchAll(/^#+ (.+)$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = text.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    let unused = anchor;
    for (let count = 1; anchors.has(unused); count++) unused = `${anchor}-${count}`;
    anchors.add(unused);
  }
  return anchors;
}

function isBroken(document: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(root, file))) return true;
  return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).has(anchor);
}

test.each(documents)('the links in %s lead to files and headings that exist', (document) => {
  const targets = Array.from(
    withoutCode(sourceOf(document)).matchAll(/\]\(([^)\s]+)\)/g),
    ([, target = '']) => target,
  );
  const internal = targets.filter((target) => !/^[a-z]+:/.test(target));
  expect(internal.filter((target) => isBroken(document, target))).toEqual([]);
});

test('a link to no file or heading is noticed', () => {
  expect(documents).toEqual(expect.arrayContaining(['README.md', join('docs', 'architecture.md')]));
  expect(isBroken('README.md', 'docs/runbook.md#no-such-heading')).toBe(true);
  expect(isBroken('README.md', 'docs/no-such-file.md')).toBe(true);
  expect(isBroken('README.md', 'docs/runbook.md#session-down')).toBe(false);
});
