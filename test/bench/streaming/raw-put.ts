import { request } from 'undici';
import type { Transfer } from './transfer.ts';

/** The floor: the download's body as the body of one unsigned PUT, nothing checked, nothing to be sent again. */
export async function handler({ source, endpoint, bucket, key }: Transfer): Promise<void> {
  const { body } = await request(source);
  const sent = await request(`${endpoint}/${bucket}/${key}`, { method: 'PUT', body });
  await sent.body.dump();
  if (sent.statusCode !== 200) throw new Error(`The PUT was answered with ${sent.statusCode}.`);
}
