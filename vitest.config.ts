import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // No secret may stand in anything that is printed.
    setupFiles: ['test/log-secrets/setup.ts'],
    globalSetup: ['test/log-secrets/global-setup.ts'],
    // What the functions log is of interest only where a test fails.
    silent: 'passed-only',
    // Integration tests open real sockets and write real files; a loaded CI machine may be slow.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
