/**
 * The cases of a package's operations where `describeBackends` does not go: in a browser, and in C++ for older processors; and programs
 * that tests start. For test files of vitest; they need esbuild, playwright-core and @tensorflow/tfjs-backend-webgl.
 *
 * @module
 */

export { bundleForNode } from './bundle-for-node.ts';
export { describeInBrowser } from './describe-in-browser.ts';
export { describeOnOlderProcessor } from './describe-on-older-processor.ts';
