import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => {
  // `vitest --mode thorough`: not every shell can set a variable for one command.
  const isThorough = mode === 'thorough' || process.env['HOLDFAST_TESTS'] === 'thorough';
  /** What is tried more often may take longer. */
  const patience = isThorough ? 10 : 1;
  return {
    test: {
      passWithNoTests: true,
      // Most tests wait for threads, disks and processes: three at once keep two cores busy, and two do not.
      maxWorkers: Math.max(3, availableParallelism() - 1),
      // Tests start hundreds of threads and processes, which need not compile the same modules each time.
      env: {
        NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled'),
        ...(isThorough ? { HOLDFAST_TESTS: 'thorough' } : {}),
      },
      // Whoever waits for something waits as long as a computer may take that does much else.
      expect: { poll: { timeout: 10_000 } },
      // The built package is loaded by Node itself, as users load it, not transformed.
      server: { deps: { external: [/\/dist\//] } },
      reporters: ['default', './tests/support/plain-summary-reporter.ts'],
      projects: [
        {
          extends: true,
          test: { name: 'unit', isolate: false, include: ['tests/unit/**/*.test.ts'], testTimeout: 30_000 },
        },
        {
          extends: true,
          test: {
            name: 'property',
            isolate: false,
            include: ['tests/property/**/*.test.ts'],
            testTimeout: 60_000 * patience,
          },
        },
        {
          extends: true,
          test: {
            name: 'xstate',
            isolate: false,
            include: ['tests/xstate/**/*.test.ts'],
            testTimeout: 30_000,
          },
        },
        {
          extends: true,
          test: {
            name: 'contract',
            isolate: false,
            include: ['tests/contract/**/*.test.ts'],
            testTimeout: 30_000,
          },
        },
        {
          extends: true,
          test: {
            name: 'integration',
            isolate: false,
            include: ['tests/integration/**/*.test.ts'],
            // Threads that load the addon must not run below a worker thread that the test runner may end.
            pool: 'forks',
            testTimeout: 60_000 * patience,
            hookTimeout: 60_000,
          },
        },
        {
          extends: true,
          test: {
            name: 'fault',
            isolate: false,
            include: ['tests/fault/**/*.test.ts'],
            pool: 'forks',
            testTimeout: 120_000 * patience,
            hookTimeout: 60_000,
          },
        },
        {
          extends: true,
          test: {
            name: 'package',
            include: ['tests/package/{boundaries,tidy}.test.ts'],
            // The canaries are real files in the source tree, which other suites may read: this one runs last, and alone.
            fileParallelism: false,
            testTimeout: 60_000 * patience,
            hookTimeout: 60_000,
          },
        },
        {
          extends: true,
          test: {
            name: 'install',
            isolate: false,
            include: ['tests/package/{declarations,exports,offline,peers,tarball}.test.ts'],
            testTimeout: 60_000 * patience,
            hookTimeout: 60_000,
          },
        },
        {
          extends: true,
          test: { name: 'docs', isolate: false, include: ['tests/docs/**/*.test.ts'], testTimeout: 60_000 },
        },
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
  };
});
