/** Sets environment variables of this process, such as those that point its AWS SDK at a local host. */
export function applyEnvironment(environment: Record<string, string>): void {
  Object.assign(process.env, environment);
  if (environment.AWS_ACCESS_KEY_ID === undefined) return;
  // The SDK would prefer a profile to the keys, and would send a session token with them.
  delete process.env.AWS_PROFILE;
  delete process.env.AWS_SESSION_TOKEN;
}
