import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
export const sourceOf = (file: string) => readFileSync(join(root, file), 'utf8');

/** All modules that a source file imports: project files by their path from the root, packages by name. */
export const importsOf = (file: string): string[] => importsIn(sourceOf(file), file);

/** The same without those of types, of which nothing is left when the file runs. */
export const runtimeImportsOf = (file: string): string[] =>
  importsIn(sourceOf(file).replaceAll(/^(?:import|export) type\s[^;]*;/gm, ''), file);

function importsIn(source: string, file: string): string[] {
  const specifiers = source.matchAll(
    /^(?:import|export)\s(?:[^;'"]*?\bfrom\s)?\s*'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return Array.from(specifiers, ([, stated = '', loaded = stated]) => loaded || stated).map((specifier) =>
    specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier,
  );
}

const isProjectFile = (imported: string) => /\.tsx?$/.test(imported);

export const projectImportsOf = (file: string) => importsOf(file).filter(isProjectFile);

/** The file and all project files that it imports, directly or indirectly; of types only with `importsOf`. */
export function withDependencies(file: string, imports = importsOf, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const imported of imports(file).filter(isProjectFile)) withDependencies(imported, imports, seen);
  return seen;
}
