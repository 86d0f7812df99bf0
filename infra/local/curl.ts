/** Prints commands to paste for a recording's link. The token stays in its file, out of sight. */
export function showCurl(linkUrl: string, linkTokenFile: string): void {
  const authorization = `-H "Authorization: Bearer $(cat '${linkTokenFile}')"`;
  console.log(`
The link to a recording, and what is known of the call:
  curl -s ${authorization} '${linkUrl}'
The recording itself:
  curl -sL ${authorization} -o recording.wav '${linkUrl}?redirect=1'
`);
}
