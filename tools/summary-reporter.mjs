import { writeFileSync } from 'node:fs';

/**
 * @typedef {object} Summary
 * @property {number} passed
 * @property {number} failed tests, files and hooks that failed, tests that never ended, unhandled errors
 * @property {Record<string, number>} skipped number of tests by suite
 */

/** @param {import('vitest/node').TestCase} test */
function outermostSuite(test) {
  /** @type {import('vitest/node').TestCase | import('vitest/node').TestSuite} */
  let node = test;
  while (node.parent.type === 'suite') node = node.parent;
  return `${test.project.name}: ${node.name}`;
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
          const suite = outermostSuite(test);
          summary.skipped[suite] = (summary.skipped[suite] ?? 0) + 1;
        } else summary.failed += 1;
      }
    }
    const file = process.env['NEVEREND_SUMMARY'];
    if (file === undefined) throw new Error('NEVEREND_SUMMARY must name the file to write');
    writeFileSync(file, JSON.stringify(summary));
  }
}
