// `npm start`: sets up, then runs the main job on real data and writes the report.
// Arguments go to `nevis run`: npm start -- --preset smoke
import { join } from 'node:path';
import { setUp } from './setup.mjs';
import { elapsed, main, root, runNode, say } from './workspace.mjs';

await main(async () => {
  const start = performance.now();
  await setUp();
  const cli = join(root, 'packages', 'nevis-stream', 'src', 'cli.ts');
  const code = await runNode([
    ...['--import', 'tsx', '--conditions=@neverend/source', cli, 'run'],
    ...withDefaults(process.argv.slice(2), {
      '--preset': 'start',
      '--out': join(root, 'runs', 'start'),
      '--cache': join(root, '.cache', 'nevis'),
    }),
  ]);
  say(`took ${elapsed(start)}, setup included`);
  return code;
});

/**
 * The arguments, and each default whose flag they do not name.
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} defaults
 */
function withDefaults(args, defaults) {
  const named = (/** @type {string} */ flag) =>
    args.some((argument) => argument === flag || argument.startsWith(`${flag}=`));
  const missing = Object.entries(defaults).filter(([flag]) => !named(flag));
  return [...missing.flat(), ...args];
}
