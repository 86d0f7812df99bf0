import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, buildSync, type Metafile } from 'esbuild';

const appDirectory = resolve(import.meta.dirname, '../../functions/archive-page/app');

const OPTIONS = {
  absWorkingDir: appDirectory,
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  // As in the bundles of the functions: the log of a build is only worth reading if something is wrong.
  logLevel: 'warning',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  metafile: true,
  write: false,
} satisfies BuildOptions;

type PageFiles = ReadonlyMap<string, Uint8Array>;

let bundled: PageFiles | undefined;

/**
 * Bundles the page into `directory`: `index.html`, and `assets/` with a hash of the content in each name. Each file is
 * there a second time, compressed. The stack deploys the directory in a layer; the local host serves it.
 */
export function buildPage(directory: string): void {
  // Tests make many stacks in one process.
  bundled ??= bundlePage();
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, 'assets'), { recursive: true });
  for (const [name, content] of bundled) writeFileSync(join(directory, name), content);
}

function bundlePage(): PageFiles {
  const files = new Map<string, Uint8Array>();
  const worker = bundle(files, ['gsm/gsm-worker.ts'], {});
  const DECODER_URL = JSON.stringify(urlOf(worker, 'gsm/gsm-worker.ts'));
  const page = bundle(files, ['main.tsx', 'style.css', 'icon.svg'], { DECODER_URL });
  const preloaded = Object.values(page)
    .filter(({ entryPoint }) => entryPoint === 'main.tsx')
    .flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'import-statement'))
    .map(({ path }) => `/assets/${basename(path)}`);
  add(files, 'index.html', Buffer.from(html((entry) => urlOf(page, entry), preloaded)));
  return files;
}

type Outputs = Metafile['outputs'];

function bundle(
  files: Map<string, Uint8Array>,
  entryPoints: string[],
  define: Record<string, string>,
): Outputs {
  const { outputFiles, metafile } = buildSync({
    ...OPTIONS,
    entryPoints,
    outdir: 'assets',
    define,
    loader: { '.svg': 'copy' },
  });
  for (const { path, contents } of outputFiles) add(files, `assets/${basename(path)}`, contents);
  return metafile.outputs;
}

function urlOf(outputs: Outputs, entryPoint: string): string {
  const [path] = Object.entries(outputs).find(([, output]) => output.entryPoint === entryPoint) ?? [];
  if (path === undefined) throw new Error(`esbuild has written nothing for ${entryPoint}.`);
  return `/assets/${basename(path)}`;
}

function add(files: Map<string, Uint8Array>, name: string, content: Uint8Array): void {
  files.set(name, content).set(`${name}.gz`, gzipSync(content, { level: 9 }));
}

const html = (url: (entryPoint: string) => string, preloaded: string[]) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Recordings</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" type="image/svg+xml" href="${url('icon.svg')}">
<link rel="stylesheet" href="${url('style.css')}">
${preloaded.map((path) => `<link rel="modulepreload" href="${path}">`).join('\n')}
<script type="module" src="${url('main.tsx')}"></script>
</head>
<body>
<div id="page">
<div class="card not-loaded">
<p lang="en">This page has not loaded. Check your connection, then reload the page.</p>
<p lang="de">Diese Seite wurde nicht geladen. Prüfen Sie die Verbindung, und laden Sie die Seite neu.</p>
</div>
</div>
<noscript>This page needs JavaScript. Diese Seite braucht JavaScript.</noscript>
</body>
</html>
`;
