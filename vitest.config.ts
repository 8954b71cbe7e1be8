import { defineConfig } from 'vitest/config';
import { BaseSequencer, type Reporter, type TestModule, type TestSpecification } from 'vitest/node';

/** Closes a run with one line that any tool can read: `12 passed, 0 failed`. */
class PlainCount implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const count = (state: string): number => states.filter((other) => other === state).length;
    const skipped = count('skipped');
    process.stdout.write(`\n${count('passed')} passed, ${count('failed')} failed${skipped === 0 ? '' : `, ${skipped} skipped`}\n`);
  }
}

/** Folders with files that take a minute or more, the longest first. */
const LONG = ['simulation', 'examples', 'soak', 'e2e', 'page', 'scripts'].map((folder) => `/test/${folder}/`);

/** Begins with the long files, so that the last worker isn't left with one of them at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => [...LONG, ''].findIndex((folder) => moduleId.includes(folder));
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
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
    // Two more than the cores of the smallest machine: the longest tests mostly wait for real servers.
    maxWorkers: 4,
    sequence: { sequencer: LongFirst },
  },
});
