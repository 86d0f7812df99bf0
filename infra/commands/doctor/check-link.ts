import * as v from 'valibot';
import type { Secrets } from '../../../functions/shared/config/secrets.ts';
import { formatSize } from '../../shared/text.ts';
import { notChecked, ok, type Result, toDo } from './finding.ts';

const TIMEOUT_MS = 30_000;

/** Enough to see that the recording comes. */
const RANGE = 'bytes=0-1023';

/** As recording-link accepts it, and as a header can carry it. */
const TOKEN = /^[\x21-\x7e]{16,}$/;

export interface LinkApi {
  /** Base URL, ending in a slash. */
  url: string | undefined;
  /** Absent if links need another kind of authorization. */
  tokenSecret: string | undefined;
}

const linkSchema = v.object({ url: v.string(), bytes: v.number() });

/** Asks for a link as a caller does, and downloads the beginning of the recording through it. */
export async function checkLink(
  { url: apiUrl, tokenSecret }: LinkApi,
  pbx: string,
  recording: string | undefined,
  secrets: Secrets,
): Promise<Result> {
  if (recording === undefined) return notChecked('needs a recording');
  if (apiUrl === undefined) return toDo('The stack has no output LinkApiUrl. Run npm run deploy.');
  if (tokenSecret === undefined) {
    return notChecked('links.authorization is not token. Ask for one as docs/operations.md#links says');
  }
  const { value: token } = await secrets.read(tokenSecret);
  if (!TOKEN.test(token)) {
    return toDo(`Enter a token of 16 or more characters, without spaces, in the secret ${tokenSecret}.`);
  }
  const query = new URLSearchParams({ recording, expiresIn: '60' });
  const response = await get(`${apiUrl}${pbx}?${query}`, { authorization: `Bearer ${token}` });
  if ('problem' in response) return toDo(`The link API cannot be reached (${response.problem}).`);
  if (response.status !== 200) return toDo(describeStatus(response.status, tokenSecret));
  const link = v.safeParse(v.pipe(v.string(), v.parseJson(), linkSchema), response.body);
  if (!link.success) return toDo(`What responds at ${apiUrl} is not the link API. Run npm run deploy.`);
  return download(link.output);
}

/** A presigned URL is a secret, so nothing here shows it. */
async function download({ url, bytes }: v.InferOutput<typeof linkSchema>): Promise<Result> {
  const response = await get(url, { range: RANGE });
  if ('problem' in response)
    return toDo(`The link leads to S3, which cannot be reached (${response.problem}).`);
  if (response.status !== 206) {
    return toDo(`S3 refuses the link (HTTP status ${response.status}). See docs/runbook.md#links-fail.`);
  }
  const total = Number(response.contentRange?.split('/').at(-1));
  return total === bytes
    ? ok(`the newest recording downloads (${formatSize(bytes)})`)
    : toDo(`The link leads to ${total} bytes, not to the ${bytes} of the recording. Inspect the object.`);
}

/** Only the code of a failure is returned: its message may quote the URL or a header. */
async function get(url: string, headers: Record<string, string>) {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const contentRange = response.headers.get('content-range') ?? undefined;
    return { status: response.status, contentRange, body: await response.text() };
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: unknown } };
    return { problem: typeof cause?.code === 'string' ? cause.code : name };
  }
}

function describeStatus(status: number, tokenSecret: string): string {
  switch (status) {
    case 401:
      return `The link API refuses the token in ${tokenSecret}. A new one works after five minutes at the latest.`;
    case 404:
      return 'The link API does not find the newest recording. Does the stack use another bucket? Run npm run deploy.';
    default:
      return `The link API responds with HTTP status ${status}. See docs/runbook.md#links-fail.`;
  }
}
