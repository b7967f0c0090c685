import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node';

/** What became of a test, and why. */
export interface Told {
  readonly name: string;
  readonly reason: string;
}

/** What one Vitest run came to. */
export interface TestCount {
  passed: number;
  readonly failed: Told[];
  readonly skipped: Told[];
}

/** Writes a TestCount as JSON to the file named by KAITO_TEST_COUNT. A module that does not load and an unhandled error count as failures. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[], _reason: TestRunEndReason): void {
    const file = process.env['KAITO_TEST_COUNT'];
    if (file === undefined) return;
    const count: TestCount = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) {
      const errors = module.state() === 'failed' ? module.errors() : [];
      if (errors.length > 0) count.failed.push({ name: relative('.', module.moduleId), reason: said(errors) });
      for (const test of module.children.allTests()) countTest(count, test);
    }
    for (const error of unhandled) count.failed.push({ name: 'unhandled error', reason: said([error]) });
    writeFileSync(file, JSON.stringify(count));
  }
}

function countTest(count: TestCount, test: TestCase): void {
  const result = test.result();
  const told = (reason: string): Told => ({ name: `${relative('.', test.module.moduleId)}: ${test.fullName}`, reason });
  if (result.state === 'passed') count.passed += 1;
  else if (result.state === 'skipped') count.skipped.push(told(result.note ?? 'no reason given'));
  else count.failed.push(told(said(result.errors ?? [])));
}

/** The first error's message, on one line of at most 300 characters. */
function said([error]: readonly unknown[]): string {
  const message = (error as { readonly message?: unknown } | undefined)?.message ?? error ?? 'it did not end';
  return String(message).trim().replaceAll(/\s+/g, ' ').slice(0, 300);
}
