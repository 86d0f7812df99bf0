import { print } from '../shared/print.ts';
import type { Host } from './host.ts';

/** Prints where the page is, and how to sign in. The token is not shown: terminals keep what they have shown. */
export function showPage({ url, linkTokenFile }: Pick<Host, 'url' | 'linkTokenFile'>): void {
  print(`To find and play recordings, open this page in a browser on this machine:
  ${url}/
It asks for the link token, which is in this file:
  ${linkTokenFile}
`);
}
