import { defineConfig } from 'vitest/config';

const integration = ['test/integration/**/*.test.ts', 'test/faults/**/*.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
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
