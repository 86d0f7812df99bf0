import * as v from 'valibot';
import { pbxSettings } from '../../functions/shared/config/pbx-registry.ts';
import { flag, parseCommandLine, UsageError, value } from '../shared/command-line.ts';

export const HELP = `Archives call recordings on this machine, with everything that AWS would run inside one process.

  npm start                            with a simulated PBX that makes a few calls
  npm start -- --calls 3 --exit        the same; fetches and compares the recordings, then exits
  npm start -- --pbx https://192.168.5.150:8088 --username api --fingerprint AB:CD:...
                                       with your own PBX, on the same network

Both
  --port PORT          of the webhook and the link API (default 8260)
  --data DIR           where recordings, jobs and secrets are kept (default .local); a restart goes on from there
  --help               this text

Simulated PBX
  --calls N            calls to make (default 3)
  --exit               exit when they are archived and compared: 0, or 1 with the reason

Your own PBX
  --pbx URL            its API: scheme, host and port only
  --username NAME      of the API user; the password comes from PBX_PASSWORD or is asked for
  --fingerprint SHA256 of its certificate, where no public authority vouches for it; a wrong one is answered
                       with the right one
  --ca FILE            or else a PEM file with its certificate or the authority's
  --min-tls VERSION    TLSv1, TLSv1.1, TLSv1.2 (default) or TLSv1.3; old firmware speaks TLSv1 only
  --http-pbx           allows an http:// URL, over which password hash and recordings travel unprotected
  --api-version V      v1.1.0 (default) or v2.0.0
  --report-url ADDR    where the PBX is to post its reports: [http[s]://]HOST[:PORT] of this machine as the PBX
                       sees it (default: this machine's address on the way to the PBX)
  --retry-login        tries a password again that the PBX refused, after correcting it in the PBX
  --serial SN          its serial number; reports that carry another one are set aside

An S3 that AWS_ENDPOINT_URL_S3 names is used instead of the embedded one, with the bucket BUCKET_NAME.
`;

const wholeNumber = (what: string, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,6}$/, `${what} should be a whole number`),
    v.transform(Number),
    v.maxValue(max, `${what} should be at most ${max}`),
  );

const optionsSchema = v.object({
  port: v.optional(wholeNumber('--port', 65_535), '8260'),
  data: v.optional(v.pipe(v.string(), v.nonEmpty('--data should name a directory')), '.local'),
  calls: v.optional(wholeNumber('--calls', 1000), '3'),
  exit: v.optional(v.boolean(), false),
  help: v.optional(v.boolean(), false),
  pbx: v.optional(pbxSettings.baseUrl),
  username: v.optional(v.string()),
  fingerprint: v.optional(v.string()),
  ca: v.optional(v.string()),
  'min-tls': v.optional(v.string()),
  'http-pbx': v.optional(v.boolean(), false),
  'api-version': v.optional(v.string()),
  'report-url': v.optional(v.string()),
  serial: v.optional(v.string()),
  'retry-login': v.optional(v.boolean(), false),
});

export type Options = v.InferOutput<typeof optionsSchema>;

export function readOptions(args: string[]): Options {
  const { values } = parseCommandLine({
    args,
    options: {
      port: value,
      data: value,
      calls: value,
      exit: flag,
      help: { ...flag, short: 'h' },
      pbx: value,
      username: value,
      fingerprint: value,
      ca: value,
      'min-tls': value,
      'http-pbx': flag,
      'api-version': value,
      'report-url': value,
      serial: value,
      'retry-login': flag,
    },
  });
  const parsed = v.safeParse(optionsSchema, values);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const name = `--${v.getDotPath(issue)}`;
    throw new UsageError(issue.message.startsWith('--') ? issue.message : `${name} ${issue.message}`);
  }
  const options = parsed.output;
  if (options.pbx === undefined) return options;
  if (options.username === undefined)
    throw new UsageError('--pbx needs --username, the name of the API user.');
  if (options.pbx.startsWith('http:') && !options['http-pbx']) {
    throw new UsageError(
      'An http:// PBX is unprotected: add --http-pbx if that is what you want, or use https://.',
    );
  }
  return options;
}
