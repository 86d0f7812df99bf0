import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Check that nothing printed contains a secret.
    setupFiles: ['test/log-secrets/setup.ts'],
    globalSetup: ['test/log-secrets/global-setup.ts'],
    // Show the logs of the functions only for tests that fail.
    silent: 'passed-only',
    // Most tests wait for servers and processes. By default one core would be left idle.
    maxWorkers: '100%',
    // Integration tests open real sockets and write real files; a loaded CI machine may be slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
