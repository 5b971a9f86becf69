import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';

/**
 * Ends the run with a line for each test that was skipped, with its reason, and one plain line, `N passed, N failed`, that
 * a script can read without knowing vitest.
 */
export default class PlainSummaryReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const skips: string[] = [];
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let failedInModule = 0;
      for (const test of module.children.allTests()) {
        const result = test.result();
        const { state } = result;
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') failedInModule += 1;
        else {
          counts.skipped += 1;
          const reason = result.state === 'skipped' ? result.note : undefined;
          skips.push(`skipped: ${test.fullName} (${reason ?? 'no reason given'})`);
        }
      }
      // A file that failed to load, or whose hook threw, has no failed test of its own.
      counts.failed += failedInModule === 0 && module.state() === 'failed' ? 1 : failedInModule;
    }
    if (reason === 'failed' && counts.failed === 0) counts.failed = 1;

    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    // At exit, because other reporters and the closing of pools may still print.
    const total = `${counts.passed} passed, ${counts.failed} failed${skipped}`;
    process.once('exit', () => console.log([...skips, total].join('\n')));
  }
}
