import { request } from 'undici';
import type { Transfer } from '../streaming.ts';

/** The lower bound: the download becomes the body of one unsigned PUT. Nothing is verified, nothing can be retried. */
export async function handler({ source, endpoint, bucket, key }: Transfer): Promise<void> {
  const { body } = await request(source);
  const response = await request(`${endpoint}/${bucket}/${key}`, { method: 'PUT', body });
  await response.body.dump();
  if (response.statusCode !== 200) throw new Error(`The PUT failed with status ${response.statusCode}.`);
}
