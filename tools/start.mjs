// `npm start`: sets up, then runs the main job on real data and writes the report.
// Arguments go to `nevis run`: npm start -- --preset smoke
import { join } from 'node:path';
import { setUp } from './setup.mjs';
import { elapsed, main, root, runNode, say, toolEnvironment } from './workspace.mjs';

await main(async () => {
  const start = Date.now();
  const args = process.argv.slice(2);
  await setUp();
  const preset = argument(args, '--preset') ?? 'start';
  const defaults = [
    ['--preset', preset],
    ['--out', join(root, 'runs', preset)],
    ['--cache', join(root, '.cache', 'nevis')],
  ].filter(([flag = '']) => argument(args, flag) === undefined);
  const code = await runNode(
    [
      ...['--import', 'tsx', '--conditions=@neverend/source'],
      ...[join(root, 'packages', 'nevis-stream', 'src', 'cli.ts'), 'run'],
      ...defaults.flat(),
      ...args,
    ],
    {
      env: {
        ...toolEnvironment(),
        NEVIS_AGAIN: ['npm start', ...(args.length ? ['--', ...args] : [])].join(' '),
      },
    },
  );
  say(`took ${elapsed(start)}, setup included`);
  return code;
});

/**
 * What the arguments say for a flag, as `--flag value` or `--flag=value`.
 * @param {readonly string[]} args
 * @param {string} flag
 */
function argument(args, flag) {
  const at = args.indexOf(flag);
  if (at >= 0) return args[at + 1];
  return args.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1);
}
