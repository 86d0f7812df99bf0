import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** An exact replacement in a source file of the product. */
export interface Edit {
  file: string;
  find: string;
  replace: string;
}

/** Modules that files of the product get instead of what they import. */
const STAND_INS: readonly { importer: RegExp; specifier: string; url: URL }[] = [
  {
    importer: /^functions\/shared\/pbx\/transport\.ts$/,
    specifier: 'undici',
    url: new URL('../pbx/connector.ts', import.meta.url),
  },
  {
    importer: /^functions\/shared\/config\/credentials\.ts$/,
    specifier: 'node:crypto',
    url: new URL('./quick-crypto.ts', import.meta.url),
  },
  {
    importer: /^functions\/shared\/pbx\/content-encoding\.ts$/,
    specifier: 'node:zlib',
    url: new URL('./zlib-at-once.ts', import.meta.url),
  },
  {
    importer: /^functions\/[^/]+\/handler\.ts$/,
    specifier: '../shared/telemetry/publish-metrics.ts',
    url: new URL('./publish-metrics-once.ts', import.meta.url),
  },
];

/** Recordings and parts have a thousandth of their size, so that thousands of calls can run per minute. */
const SCALE: readonly Edit[] = [
  {
    file: 'functions/shared/recordings/parts.ts',
    find: 'PART_BYTES = 5 * 1024 * 1024',
    replace: 'PART_BYTES = 5 * 1024',
  },
  {
    file: 'functions/shared/recordings/container.ts',
    find: 'bytesPerSecond: 1650',
    replace: 'bytesPerSecond: 1.65',
  },
  {
    // The frames of an MP3 cannot be as short, so that it lasts longer or shorter than its call.
    file: 'functions/shared/recordings/container.ts',
    find: ', ...readMp3Rate(head)',
    replace: '',
  },
];

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Call it before the first import of the product. Returns the edits whose files are not loaded yet; it is updated. */
export function hookModules(mutation: readonly Edit[]): Set<Edit> {
  const edits = [...SCALE, ...mutation];
  const missing = new Set(edits);
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const importer = pathOf(context.parentURL ?? '');
      const standIn = STAND_INS.find(
        (candidate) => candidate.importer.test(importer) && candidate.specifier === specifier,
      );
      return standIn ? { url: standIn.url.href, shortCircuit: true } : nextResolve(specifier, context);
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const due = edits.filter(({ file }) => file === pathOf(url));
      if (due.length === 0) return loaded;
      for (const edit of due) missing.delete(edit);
      return { ...loaded, source: due.reduce(apply, String(loaded.source)) };
    },
  });
  return missing;
}

/** Throws if an edit does not match its file exactly once, so that an outdated edit is noticed. */
function apply(source: string, { file, find, replace }: Edit): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`);
  return parts.join(replace);
}

function pathOf(url: string): string {
  const { protocol, pathname } = URL.parse(url) ?? {};
  const path = protocol === 'file:' ? decodeURIComponent(pathname ?? '') : '';
  return path.startsWith(root) ? path.slice(root.length) : '';
}
