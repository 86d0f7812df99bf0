import { UsageError } from './command-line.ts';

/** Sets environment variables of this process, such as those that point its AWS SDK at a local host. */
export function applyEnvironment(environment: Record<string, string>): void {
  Object.assign(process.env, environment);
  if (environment.AWS_ACCESS_KEY_ID === undefined) return;
  // The SDK would prefer a profile to the keys, and would send a session token with them.
  delete process.env.AWS_PROFILE;
  delete process.env.AWS_SESSION_TOKEN;
}

/** `AWS_ENDPOINT_URL`, or with the name of a service behind it. The SDK reads them itself, and ignores empty ones. */
const endpoints = () =>
  Object.entries(process.env).flatMap(([name, url]) =>
    url && /^AWS_ENDPOINT_URL(?:_|$)/.test(name) ? [{ name, url }] : [],
  );

/** The SDK would fail with a stack trace, or connect to another host. */
export function checkEndpoints(): void {
  for (const { name, url } of endpoints()) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw new UsageError(`${name} should be a URL that begins with http:// or https://. It is ${url}.`);
  }
}

/** What to check if AWS cannot be reached. */
export function describeEndpoints(): string {
  const set = endpoints().map(({ name, url }) => `${name}=${url}`);
  if (set.length > 0) return `Check ${set.join(', ')}.`;
  const proxy = ['HTTPS_PROXY', 'https_proxy'].find((name) => process.env[name]);
  return `Check the network and AWS_REGION.${proxy === undefined ? '' : ` Unlike the AWS CLI, this command does not use ${proxy}.`}`;
}
