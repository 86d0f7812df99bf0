import type { Misbehaviour } from '../../infra/simulated-pbx/misbehaviours.ts';
import type { Random } from './engine/random.ts';
import type { Trace } from './engine/trace.ts';

/**
 * The probability of each fault, per opportunity, in a seed of average weather. An opportunity is a request, an
 * invocation, a connection, a report or a call; for incidents of a whole PBX it is a seed.
 */
const RATES = {
  's3-500': 0.02,
  's3-503': 0.02,
  's3-slow': 0.02,
  's3-reset': 0.02,
  's3-reset-in-body': 0.02,
  's3-response-lost': 0.03,
  /** CompleteMultipartUpload may return 200 and an error in the body (AWS API reference). */
  's3-error-in-200': 0.05,
  's3-conflict': 0.02,
  'sqs-500': 0.02,
  'sqs-slow': 0.01,
  'sqs-response-lost': 0.02,
  'sqs-delivered-twice': 0.03,
  'sqs-delivered-late': 0.03,
  'sqs-out-of-order': 0.3,
  'sqs-deletion-lost': 0.02,
  'secrets-500': 0.02,
  'secrets-throttled': 0.02,
  'secrets-slow': 0.01,
  'secrets-response-lost': 0.02,

  'dynamodb-500': 0.02,
  'dynamodb-throttled': 0.02,
  'dynamodb-slow': 0.01,
  'dynamodb-response-lost': 0.02,

  'killed-before-effect': 0.03,
  'killed-after-effect': 0.03,
  'killed-in-body': 0.03,
  'killed-waiting': 0.03,
  'short-deadline': 0.05,
  'container-replaced': 0.1,
  'event-repeated': 0.01,

  'line-refused': 0.01,
  'line-silent': 0.01,
  'line-delayed': 0.05,
  'line-reset': 0.06,
  'line-stalled': 0.01,
  'line-slow': 0.06,
  'slow-uplink': 0.2,
  'foreign-certificate': 0.005,

  'report-lost': 0.1,
  'report-response-lost': 0.05,
  'report-repeated': 0.1,
  'report-forged': 0.02,
  /** A firmware writes numbers and callers' names so that the report is no JSON. */
  'report-not-json': 0.08,

  'pbx-hang-up-before-reply': 0.03,
  'pbx-http-500': 0.03,
  'pbx-http-redirect': 0.02,
  'pbx-token-dropped': 0.03,
  'pbx-not-ready': 0.1,
  'pbx-deleted': 0.01,
  'pbx-random-refused': 0.03,
  'pbx-cut': 0.15,
  'pbx-stall': 0.02,
  'pbx-drip': 0.02,
  'pbx-wrong-length': 0.03,
  'pbx-json-instead-of-audio': 0.03,
  'pbx-html-instead-of-audio': 0.02,
  'pbx-text-instead-of-audio': 0.02,
  'pbx-empty-body': 0.02,

  /** The file of a transferred call grows after its first report. */
  'pbx-grows': 0.08,
  /** Two recordings have one name. */
  'pbx-name-reused': 0.06,
  /** Nobody answered, but the PBX names a recording. */
  'pbx-unanswered': 0.08,
  'pbx-file-empty': 0.02,
  'pbx-recorded-in-part': 0.05,
  /** What a recorder writes into the header while it records is still there at the end. */
  'pbx-header-unwritten': 0.1,
  'pbx-header-lies': 0.1,

  /** The download of a CDR file misbehaves. */
  'pbx-cdr-spoilt': 0.1,

  'pbx-rebooted': 0.4,
  'boot-up-lost': 0.3,
  'pbx-off': 0.3,
  'pbx-unreachable': 0.3,
  /** It, or a proxy before it, compresses files. */
  'pbx-compressed': 0.25,
  /** The call log is not written as the guide says. */
  'pbx-call-log-odd': 0.3,
  /** NULs behind each response. */
  'pbx-padded': 0.2,
  /** The disk with the recordings is away for hours. */
  'pbx-storage-away': 0.3,
  /** After a power cut. */
  'pbx-clock-at-2000': 0.15,
  /** Somebody has changed a policy or a key. */
  's3-denied': 0.2,
  'session-lost': 0.3,
  'password-changed-in-pbx': 0.25,
  'password-changed-in-secret': 0.25,
  'webhook-secret-rotated': 0.3,
  'address-locked-out': 0.15,
  'report-garbled': 0.3,
  /** Drawn together with the start time of a seed. */
  'daylight-saving': 0,
  'pbx-clock-stepped': 0.2,
  'our-clock-stepped': 0.2,

  // Faults of the P-Series. New kinds come last, so that the weather of a seed keeps the others.
  'p-series-mp3': 0.25,
  'p-series-audio-at-once': 0.15,
  /** It finds nothing by times, and reports no failure. */
  'p-series-search-silent': 0.25,
  'p-series-without-webhook': 0.15,
  'p-series-unsigned': 0.2,
  'p-series-message-object': 0.4,
  /** The PBX's own archive moves recordings elsewhere. */
  'p-series-archived-away': 0.06,
  'p-series-tokens-expired': 0.3,
  /** By another client, so that there are eight. */
  'p-series-tokens-taken': 0.3,
  'p-series-downloads-occupied': 0.4,
  'p-series-foreign-download': 0.25,
  'p-series-parameter-refused': 0.25,

  /** The second of two recordings with one name is deleted before it is fetched. */
  'pbx-name-reused-deleted': 0.3,
} as const satisfies Record<string, number> & Record<`pbx-${Misbehaviour['kind']}`, number>;

export type FaultKind = keyof typeof RATES;

export const FAULT_KINDS = Object.keys(RATES) as FaultKind[];

/** The weather of a seed: the faults that can occur, and how often. */
export type Weather = ReadonlyMap<FaultKind, number>;

/** Some seeds are calm, some wild, each with another mixture: faults that always occur together hide bugs. */
export function drawWeather(random: Random): Weather {
  const intensity = random.pick([0, 0.3, 0.3, 1, 1, 1, 2, 4]);
  const share = random.pick([0.15, 0.5, 0.9]);
  const present = FAULT_KINDS.filter(() => random.isTrue(share));
  return new Map(present.map((kind) => [kind, Math.min(0.6, RATES[kind] * intensity)]));
}

/** Decides what goes wrong, and counts it. */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #trace: Trace;
  #areOver = false;

  constructor(random: Random, weather: Weather, trace: Trace) {
    this.#random = random;
    this.#weather = weather;
    this.#trace = trace;
  }

  get isCalm(): boolean {
    return [...this.#weather.values()].every((rate) => rate === 0);
  }

  /** Whether the fault happens now. */
  strikes(kind: FaultKind, source: string): boolean {
    if (!this.isDue(kind)) return false;
    this.note(kind, source);
    return true;
  }

  /** Whether a fault is going to happen later; it is noted when it does. */
  isDue(kind: FaultKind): boolean {
    const rate = this.#areOver ? 0 : (this.#weather.get(kind) ?? 0);
    return rate > 0 && this.#random.isTrue(rate);
  }

  note(kind: FaultKind, source: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#trace.add(source, `! ${kind}`);
  }

  /** From now on no fault happens. */
  end(): void {
    this.#areOver = true;
    this.#trace.add('world', 'the faults are over');
  }
}
