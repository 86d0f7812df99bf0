import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Bucket } from './bucket.ts';
import { S3Error } from './errors.ts';
import { createMutex } from './mutex.ts';

export interface ObjectStore {
  /** Throws `NoSuchBucket`. */
  bucket(name: string): Bucket;
  bucketNames(): string[];
  /** Creates the bucket unless it is there already. */
  createBucket(name: string): Promise<void>;
}

/** S3's rule for bucket names, which also makes each of them a safe name for a folder. */
const BUCKET_NAME = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Opens the store that a directory holds. Only one process may have it open. */
export async function openObjectStore(directory: string): Promise<ObjectStore> {
  const buckets = new Map<string, Bucket>();
  const oneAtATime = createMutex();

  const stateFolder = join(directory, '.s3');
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(stateFolder)) {
    if (BUCKET_NAME.test(name)) buckets.set(name, await Bucket.open(directory, name));
  }

  return {
    bucket(name) {
      const bucket = buckets.get(name);
      if (!bucket)
        throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
      return bucket;
    },
    bucketNames: () => [...buckets.keys()].sort(),
    createBucket: (name) =>
      oneAtATime(async () => {
        if (!BUCKET_NAME.test(name))
          throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.');
        if (!buckets.has(name)) buckets.set(name, await Bucket.open(directory, name));
      }),
  };
}
