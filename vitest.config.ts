import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Integration tests open real sockets and write real files; a loaded CI machine may be slow.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
