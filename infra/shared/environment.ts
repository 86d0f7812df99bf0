/** Points the AWS SDK of this process at the services of a local host, and names the host's own things. */
export function enterEnvironment(environment: Record<string, string>): void {
  Object.assign(process.env, environment);
  if (environment.AWS_ACCESS_KEY_ID === undefined) return;
  // Either would come before the keys.
  delete process.env.AWS_PROFILE;
  delete process.env.AWS_SESSION_TOKEN;
}
