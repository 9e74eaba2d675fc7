import { writeFileSync } from 'node:fs';
import { isLong } from './test-files.mjs';

/**
 * @typedef {object} Summary
 * @property {number} passed
 * @property {number} failed tests, files and hooks that failed, tests that never ended, unhandled errors
 * @property {Record<string, number>} skipped number of tests by what they were skipped for
 */

/**
 * What a test was skipped for: it runs elsewhere, or its backend does; else the suite, whose title may say why.
 * @param {import('vitest/node').TestCase} test
 */
function reason(test) {
  if (!process.env['NEVEREND_LONG'] && isLong(test.module.moduleId)) {
    return 'only in npm run test:long';
  }
  /** @type {import('vitest/node').TestCase | import('vitest/node').TestSuite} */
  let node = test;
  while (node.parent.type === 'suite') node = node.parent;
  const [, backend, why] = node.name.match(/ on (\w+) \((absent|left out)/) ?? [];
  return backend ? `${backend} is ${why}` : `${test.project.name}: ${node.name}`;
}

/** A vitest reporter that writes a `Summary` to the file that NEVEREND_SUMMARY names. */
// biome-ignore lint/style/noDefaultExport: the way vitest loads a reporter
export default class SummaryReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Summary} */
    const summary = { passed: 0, failed: unhandledErrors.length, skipped: {} };
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) summary.failed += 1;
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) summary.failed += 1;
      }
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') summary.passed += 1;
        else if (state === 'skipped') {
          const why = reason(test);
          summary.skipped[why] = (summary.skipped[why] ?? 0) + 1;
        } else summary.failed += 1;
      }
    }
    const file = process.env['NEVEREND_SUMMARY'];
    if (file === undefined) throw new Error('NEVEREND_SUMMARY must name the file to write');
    writeFileSync(file, JSON.stringify(summary));
  }
}
