import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Bucket } from './bucket.ts';
import { S3Error } from './errors.ts';
import type { ObjectChange } from './events.ts';

/** S3's rule for bucket names. It also makes every name safe as the name of a folder. */
const BUCKET_NAME = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** The buckets in a directory. Only one process may have it open. */
export class Buckets {
  readonly #directory: string;
  readonly #warn: (sentence: string) => void;
  readonly #onChange: (change: ObjectChange) => void;
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    directory: string,
    warn: (sentence: string) => void,
    onChange: (change: ObjectChange) => void = () => {},
  ) {
    this.#directory = directory;
    this.#warn = warn;
    this.#onChange = onChange;
    mkdirSync(join(directory, '.s3'), { recursive: true, mode: 0o700 });
    for (const name of readdirSync(join(directory, '.s3'))) if (BUCKET_NAME.test(name)) this.create(name);
  }

  names(): string[] {
    return [...this.#buckets.keys()].sort();
  }

  get(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist.');
    return bucket;
  }

  /** Does nothing if the bucket exists. */
  create(name: string): void {
    if (!BUCKET_NAME.test(name)) throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.');
    if (this.#buckets.has(name)) return;
    this.#buckets.set(name, new Bucket(this.#directory, name, this.#warn, this.#onChange));
  }
}
