import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';

/** Ends the run with one plain line, `N passed, N failed`, that a script can read without knowing vitest. */
export default class PlainSummaryReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let failedInModule = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') failedInModule += 1;
        else counts.skipped += 1;
      }
      // A file that failed to load, or whose hook threw, has no failed test of its own.
      counts.failed += failedInModule === 0 && module.state() === 'failed' ? 1 : failedInModule;
    }
    if (reason === 'failed' && counts.failed === 0) counts.failed = 1;

    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    // At exit, because other reporters and the closing of pools may still print.
    process.once('exit', () => console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`));
  }
}
