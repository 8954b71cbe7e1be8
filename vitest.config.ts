import { defineConfig } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';

/** Closes a run with one line that any tool can read: `12 passed, 0 failed`. */
class PlainCount implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const count = (state: string): number => states.filter((other) => other === state).length;
    const skipped = count('skipped');
    process.stdout.write(`\n${count('passed')} passed, ${count('failed')} failed${skipped === 0 ? '' : `, ${skipped} skipped`}\n`);
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/compile-programs.ts'],
    reporters: ['default', new PlainCount()],
    // Real servers start in some tests: the limits are for a slow machine, not for waiting.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than the cores of the smallest machine: the longest tests mostly wait for real servers.
    maxWorkers: 3,
  },
});
