import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const integration = ['test/integration/**/*.test.ts', 'test/faults/**/*.test.ts'];

export default defineConfig({
  test: {
    // Many tests start the program: what Node has compiled once, it need not compile again.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'causeway-compile-cache') },
    // Small machines are starved at times; what hangs ends all the same.
    testTimeout: 150_000,
    hookTimeout: 150_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: integration } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          globalSetup: 'test/integration/global-setup.ts',
          maxWorkers: 2,
        },
      },
    ],
  },
});
