import * as v from 'valibot';
import { FAMILIES, pbxSettings } from '../../functions/shared/config/pbx-registry.ts';
import { flag, parseCommandLine, UsageError, value } from '../shared/command-line.ts';
import { DEFAULT_DEMO, DEMOS } from '../shared/demos.ts';

export const HELP = `Archives call recordings on this machine. One process runs everything that would run in AWS.

  npm start                            with a simulated PBX that makes a few calls
  npm start -- --demo p-series         with a simulated P-Series instead of an S-Series
  npm start -- --calls 3 --exit        as the first, but exits when all recordings are archived
  npm start -- --pbx https://192.168.5.150:8088 --username api --fingerprint AB:CD:...
                                       with your own PBX, on the same network

General
  --port PORT          port of the webhook and the link API (default 8260)
  --data DIR           directory for recordings, jobs and secrets (default .local), kept across restarts
  --help               show this text

Simulated PBX
  --demo NAME          s-series (default), p-series, or mixed: one of each
  --calls N            number of calls that each PBX makes (default 3)
  --exit               exit when all recordings are archived and compared: with 0, or with 1 and the reason

Your own PBX
  --pbx URL            address of its API: scheme, host and port only
  --family FAMILY      s-series (default), cloud-pbx, openvox (not verified on a device) or p-series
  --username NAME      API user, or the client ID of a P-Series; the program reads the password, or the client secret,
                       from PBX_PASSWORD or asks for it, and the secret of the webhook of a P-Series, which signs its
                       reports with it, from PBX_WEBHOOK_SECRET
  --fingerprint SHA256 fingerprint of its certificate, unless a public CA issued it; if missing or wrong, the
                       program prints the one it sees and stops
  --ca FILE            PEM file with its certificate, or with that of its CA, instead of --fingerprint
  --min-tls VERSION    lowest TLS version to accept: TLSv1, TLSv1.1, TLSv1.2 (default) or TLSv1.3;
                       old firmware supports only TLSv1
  --http-pbx           allow an http:// URL; password hash and recordings are then sent unencrypted
  --api-version V      v1.1.0 (default) or v2.0.0
  --report-url ADDR    where the PBX posts its reports: [http[s]://]HOST[:PORT] of this machine as the PBX sees it
                       (default: the address from which this machine reaches the PBX)
  --retry-login        retry a password that the PBX refused, after you have corrected it in the PBX
  --serial SN          serial number of the PBX; reports with another one go to the dead-letter queue
  --report-authentication WAY
                       P-Series only: signature (default), or path if its firmware does not sign its reports
  --discover MINUTES   ask a PBX that cannot report for new recordings every 5, 10, 15, 20, 30 or 60 minutes
  --time-zone NAME     IANA time zone that the PBX shows, such as Europe/Berlin (default: that of this machine)

If AWS_ENDPOINT_URL_S3 is set, recordings go to that S3, into the bucket BUCKET_NAME (default recordings).
`;

/** `a, b or c`. */
const alternatives = new Intl.ListFormat('en-GB', { type: 'disjunction' });

const wholeNumber = (option: string, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,6}$/, `${option} should be a whole number`),
    v.transform(Number),
    v.maxValue(max, `${option} should be at most ${max}`),
  );

const optionsSchema = v.object({
  port: v.optional(wholeNumber('--port', 65_535), '8260'),
  data: v.optional(v.pipe(v.string(), v.nonEmpty('--data should name a directory')), '.local'),
  demo: v.optional(v.picklist(DEMOS, `--demo should be ${alternatives.format(DEMOS)}`), DEFAULT_DEMO),
  calls: v.optional(wholeNumber('--calls', 1000), '3'),
  exit: v.optional(v.boolean(), false),
  help: v.optional(v.boolean(), false),
  pbx: v.optional(pbxSettings.baseUrl),
  family: v.optional(v.picklist(FAMILIES, `--family should be ${alternatives.format(FAMILIES)}`)),
  username: v.optional(v.string()),
  fingerprint: v.optional(v.string()),
  ca: v.optional(v.string()),
  'min-tls': v.optional(v.string()),
  'http-pbx': v.optional(v.boolean(), false),
  'api-version': v.optional(v.string()),
  'report-url': v.optional(v.string()),
  serial: v.optional(v.string()),
  'report-authentication': v.optional(v.string()),
  discover: v.optional(wholeNumber('--discover', 60)),
  'time-zone': v.optional(v.string()),
  'retry-login': v.optional(v.boolean(), false),
});

export type Options = v.InferOutput<typeof optionsSchema>;

export function readOptions(args: string[]): Options {
  const { values } = parseCommandLine({
    args,
    options: {
      port: value,
      data: value,
      demo: value,
      calls: value,
      exit: flag,
      help: { ...flag, short: 'h' },
      pbx: value,
      family: value,
      username: value,
      fingerprint: value,
      ca: value,
      'min-tls': value,
      'http-pbx': flag,
      'api-version': value,
      'report-url': value,
      serial: value,
      'report-authentication': value,
      discover: value,
      'time-zone': value,
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
  if (options.help) return options;
  refuseUnusedOptions(values, options.pbx === undefined);
  if (options.pbx === undefined) return options;
  if (options.username === undefined)
    throw new UsageError('--pbx requires --username, the name of the API user.');
  if (options.pbx.startsWith('http:') && !options['http-pbx']) {
    throw new UsageError('http:// is not encrypted. Use https://, or add --http-pbx to allow it.');
  }
  if (options.fingerprint !== undefined && options.ca !== undefined)
    throw new UsageError('Give either --fingerprint or --ca, not both.');
  return options;
}

const OPTIONS_OF_PBX = [
  'family',
  'username',
  'fingerprint',
  'ca',
  'min-tls',
  'http-pbx',
  'api-version',
  'report-url',
  'retry-login',
  'serial',
  'report-authentication',
  'discover',
  'time-zone',
] as const;

const OPTIONS_OF_SIMULATION = ['demo', 'calls', 'exit'] as const;

/** People expect every option that they give to have an effect. */
function refuseUnusedOptions(values: Record<string, unknown>, isSimulation: boolean): void {
  const unused = isSimulation ? OPTIONS_OF_PBX : OPTIONS_OF_SIMULATION;
  const given = unused.find((name) => values[name] !== undefined);
  if (given === undefined) return;
  throw new UsageError(
    isSimulation
      ? `--${given} needs --pbx, the address of your PBX. Without it, the PBX is simulated.`
      : `--${given} is for the simulated PBX. Leave it out, or leave out --pbx.`,
  );
}
