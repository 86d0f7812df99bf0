import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
export const sourceOf = (file: string) => readFileSync(join(root, file), 'utf8');

/** All modules that a source file imports: project files by their path from the root, packages by name. */
export function importsOf(file: string): string[] {
  const specifiers = sourceOf(file).matchAll(
    /^(?:import|export)\s(?:[^;'"]*?\bfrom\s)?\s*'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return Array.from(specifiers, ([, stated = '', loaded = stated]) => loaded || stated).map((specifier) =>
    specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier,
  );
}

export const projectImportsOf = (file: string) =>
  importsOf(file).filter((imported) => /\.tsx?$/.test(imported));

/** The file and all project files that it imports, directly or indirectly. */
export function withDependencies(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const imported of projectImportsOf(file)) withDependencies(imported, seen);
  return seen;
}
