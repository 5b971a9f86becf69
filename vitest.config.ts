import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    passWithNoTests: true,
    // Most tests wait for threads, disks and processes: two at once also on two cores take little more than half the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // The built package is loaded by Node itself, as users load it, not transformed.
    server: { deps: { external: [/\/dist\//] } },
    reporters: ['default', './tests/support/plain-summary-reporter.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], testTimeout: 10_000 } },
      {
        extends: true,
        test: { name: 'property', include: ['tests/property/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: 'xstate', include: ['tests/xstate/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        extends: true,
        test: { name: 'contract', include: ['tests/contract/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          // Threads that load the addon must not run below a worker thread that the test runner may end.
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'fault',
          include: ['tests/fault/**/*.test.ts'],
          pool: 'forks',
          // Killed processes and full disks disturb whatever runs beside them.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          include: ['tests/package/**/*.test.ts'],
          // The canaries are real files in the source tree, which other suites may read.
          fileParallelism: false,
          testTimeout: 60_000,
        },
      },
      { extends: true, test: { name: 'docs', include: ['tests/docs/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['tests/types/**/*.test-d.ts'],
            tsconfig: 'tests/tsconfig.json',
            // `npm run check` covers them, and does not meet the canaries of the package suite.
            ignoreSourceErrors: true,
          },
        },
      },
    ],
  },
});
