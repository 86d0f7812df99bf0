import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';
import { venv } from './settings.ts';

const requirements = join(import.meta.dirname, 'requirements.txt');
/** A copy of the requirements that the environment was made for. */
const installed = join(venv, 'requirements.txt');

export const python = join(venv, 'bin/python');
export const awsCli = join(venv, 'bin/aws');
export const schemathesis = join(venv, 'bin/schemathesis');

/** Installs the emulator, unless it is installed. Rejects if a program or a package that it needs is missing. */
export async function installEmulator(): Promise<void> {
  await runProgram('curl', ['--version']);
  const wanted = await readFile(requirements, 'utf8');
  if (existsSync(installed) && (await readFile(installed, 'utf8')) === wanted) return;
  await runProgram('python3', ['-m', 'venv', '--clear', venv]);
  await runProgram(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements]);
  await writeFile(installed, wanted);
}
