import type { Misbehaviour } from '../../../infra/simulated-pbx/misbehaviours.ts';
import type { Random } from '../engine/random.ts';
import type { Faults } from '../faults.ts';
import type { Office } from './office.ts';

/** Without `deleted`, which happens at a later time. */
type Kind = Exclude<Misbehaviour['kind'], 'deleted'>;

export interface Circumstances {
  /** Size of the recording in bytes. */
  length: number;
  /** Whether the header of the recording gives its length. */
  knowsItsLength: boolean;
  /** Whether responses of the PBX have a Content-Length. */
  contentLength: boolean;
  /** Error numbers that it may send instead of the recording. */
  errnos: readonly string[];
}

const STEPS = ['get_random', 'download'] as const;

/** What programs send behind a text: nothing, the end of a C string, and the rest of its buffer. */
export const PADDINGS = ['', '\0', '\r\n\0', '\0'.repeat(64)];

type Draw = (random: Random, circumstances: Circumstances) => Misbehaviour;

const step = (random: Random) => ({ at: random.pick(STEPS), times: random.integer(1, 3) });

const DRAWS: { [K in Kind]: Draw } = {
  'hang-up-before-reply': (random) => ({ kind: 'hang-up-before-reply', ...step(random) }),
  'http-500': (random) => ({ kind: 'http-500', ...step(random) }),
  'http-redirect': (random) => ({
    kind: 'http-redirect',
    location: 'https://elsewhere.example/',
    ...step(random),
  }),
  'token-dropped': (random) => ({ kind: 'token-dropped', ...step(random) }),
  'not-ready': (random) => ({ kind: 'not-ready', at: random.pick(STEPS), times: random.integer(1, 6) }),
  'random-refused': (random) => ({ kind: 'random-refused', times: random.integer(1, 3) }),
  cut: (random, circumstances) => drawCut(random, circumstances),
  stall: (random, { length }) => ({ kind: 'stall', afterBytes: random.integer(0, length - 1) }),
  drip: (random) => ({ kind: 'drip', chunkBytes: random.integer(100, 2000) }),
  'wrong-length': (random, { knowsItsLength }) => {
    const more = random.integer(1, 5000);
    // A Content-Length that is too small makes a part look complete, unless the header gives the length.
    return {
      kind: 'wrong-length',
      delta: knowsItsLength && random.isTrue(0.5) ? -random.integer(1, 40) : more,
    };
  },
  'json-instead-of-audio': (random, { errnos }) => ({
    kind: 'json-instead-of-audio',
    errno: random.pick(errnos),
    padding: random.pick(PADDINGS),
    times: random.integer(1, 3),
    ...disguise(random),
  }),
  'html-instead-of-audio': (random) => ({ kind: 'html-instead-of-audio', ...disguise(random) }),
  'text-instead-of-audio': (random) => ({
    kind: 'text-instead-of-audio',
    text: random.pick(['file not found', '\x1b[31mno such file\x1b[0m\r\n', 'busy\b\b\b\bgone']),
    ...disguise(random),
  }),
  'empty-body': (random) => ({ kind: 'empty-body', ...disguise(random) }),
};

const disguise = (random: Random) => ({
  contentType: random.pick(['audio/x-wav', 'application/json', 'text/html']),
});

/**
 * An orderly end in the middle of a file is drawn only if something gives away that the file is incomplete. Without a
 * length, it happens once: a file that is cut on the disk ends at the same byte each time.
 */
function drawCut(random: Random, { length, knowsItsLength, contentLength }: Circumstances): Misbehaviour {
  const isDetectable = knowsItsLength || contentLength;
  const how = isDetectable ? random.pick(['fin', 'reset'] as const) : 'reset';
  const cut = { kind: 'cut', afterBytes: random.integer(0, length - 1), how } as const;
  const times = random.integer(1, 2);
  return { ...cut, times: how === 'fin' && !contentLength ? 1 : times };
}

/** The misbehaviours of the PBX with a recording, mostly none. */
export function drawMisbehaviours(
  random: Random,
  circumstances: Circumstances,
  faults: Faults,
): Misbehaviour[] {
  const kinds = Object.keys(DRAWS) as Kind[];
  return kinds
    .filter((kind) => faults.isDue(`pbx-${kind}`))
    .map((kind) => DRAWS[kind](random, circumstances));
}

/** A misbehaviour of the download of a CDR file. Without a Content-Length, a cut file looks complete. */
export function drawCdrMisbehaviour(random: Random, errnos: readonly string[]): Misbehaviour {
  const kind = random.pick([
    'http-500',
    'cut',
    'json-instead-of-audio',
    'html-instead-of-audio',
    'empty-body',
  ] as const);
  return DRAWS[kind](random, { length: 2000, knowsItsLength: true, contentLength: true, errnos });
}

/** Whether a misbehaviour justifies a dead letter. */
export const isFinal = (misbehaviour: Misbehaviour, { finalErrnos }: Pick<Office, 'finalErrnos'>): boolean =>
  misbehaviour.kind === 'json-instead-of-audio' && finalErrnos.includes(misbehaviour.errno);
