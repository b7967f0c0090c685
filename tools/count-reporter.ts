import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';

/** What one Vitest run came to. */
export interface TestCount {
  passed: number;
  failed: string[];
  skipped: { name: string; reason: string }[];
}

/** Writes a TestCount as JSON to the file named by KAITO_TEST_COUNT. A module that does not load and an unhandled error count as failures. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[], _reason: TestRunEndReason): void {
    const file = process.env['KAITO_TEST_COUNT'];
    if (file === undefined) return;
    const count: TestCount = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) count.failed.push(module.moduleId);
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') count.passed += 1;
        else if (result.state === 'skipped') {
          count.skipped.push({ name: test.fullName, reason: result.note ?? 'no reason given' });
        } else count.failed.push(test.fullName);
      }
    }
    for (const error of unhandled) count.failed.push(`unhandled error: ${String(error)}`);
    writeFileSync(file, JSON.stringify(count));
  }
}
