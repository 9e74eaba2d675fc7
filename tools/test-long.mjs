// `npm run test:long`: every test; the operations once more with composites forced, and with composites forbidden; and
// every test on Node 24, which it downloads. The last line is the sum of all. Arguments go to each of the four.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp } from './setup.mjs';
import { elapsed, findNpm, main, root, run, runNode, say, toolEnvironment } from './workspace.mjs';

const script = join(root, 'tools', 'test.mjs');

await main(async () => {
  const start = Date.now();
  const rest = process.argv.slice(2);
  await setUp();
  const folder = mkdtempSync(join(tmpdir(), 'neverend-node-24-'));
  try {
    const node24 = await installNode24(folder);
    const operations = ['--operations', ...rest];
    const sums = [
      await tests('all tests', process.execPath, rest),
      await tests('operations, composite kernels', process.execPath, operations, 'composite'),
      await tests('operations, native kernels', process.execPath, operations, 'native'),
      await tests('all tests on Node 24', node24, rest),
    ];
    const passed = sums.reduce((sum, pass) => sum + pass.passed, 0);
    const failed = sums.reduce((sum, pass) => sum + pass.failed, 0);
    say(`all of it took ${elapsed(start)}`);
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    return failed > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/**
 * @param {string} folder
 * @returns the path of Node 24, which has an npm where Node's own installer puts it
 */
async function installNode24(folder) {
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
  const code = await runNode([findNpm(), 'install', ...flags, 'node@24', 'npm@11']);
  if (code !== 0) throw new Error('cannot install Node 24: the messages above say why');
  const bin = join(folder, 'node_modules', 'node', 'bin');
  symlinkSync(join(folder, 'node_modules'), join(bin, 'node_modules'));
  return join(bin, 'node');
}

/**
 * @param {string} name
 * @param {string} node
 * @param {readonly string[]} args of `npm test`
 * @param {string} [kernels] which versions of kernels may serve; default: whatever the environment says
 */
async function tests(name, node, args, kernels) {
  say(`=== ${name}`);
  let output = '';
  const environment = toolEnvironment();
  // The npm that called would be taken for the one of Node 24.
  if (node !== process.execPath) delete environment['npm_execpath'];
  if (kernels !== undefined) environment['NEVEREND_KERNELS'] = kernels;
  const code = await run(node, [script, ...args], {
    env: environment,
    capture: (text) => {
      process.stdout.write(text);
      output += text;
    },
  });
  const [, passed = 0, failed = 0] =
    [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1)?.map(Number) ?? [];
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
}
