import { print } from '../shared/print.ts';

/** Prints curl commands for a recording. They read the token from its file, so that it is not shown. */
export function showCurl(linkUrl: string, linkTokenFile: string): void {
  const authorization = `-H "Authorization: Bearer $(cat '${linkTokenFile}')"`;
  print(`
To get a link to the recording, with the details of the call:
  curl -s ${authorization} '${linkUrl}'
To download the recording:
  curl -sL ${authorization} -o recording.wav '${linkUrl}?redirect=1'
`);
}
