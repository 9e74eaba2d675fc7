// Compiles the AssemblyScript of packages into their `kernels.generated.ts`: `neverend-backend build-wasm` in the folder of each.
// `node tools/wasm-kernels.mjs packages/backend` does one package, without a name every package that has kernels. With
// `--check` nothing is written, and it fails where a committed file is not what would be.
import { join, resolve } from 'node:path';
import { publicPackages } from './packages.mjs';
import { setUp } from './setup.mjs';
import { main, root, runNode } from './workspace.mjs';

const cli = join(root, 'packages', 'backend', 'src', 'cli.ts');

await main(async () => {
  await setUp();
  const check = process.argv.includes('--check') ? ['--check'] : [];
  const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const all = publicPackages().filter(({ manifest }) => manifest.neverend !== undefined);
  const folders =
    named.length > 0 ? named.map((name) => resolve(name)) : all.map((it) => it.folder);
  let failed = 0;
  for (const cwd of folders) {
    const node = ['--import', 'tsx', '--conditions=@neverend/source'];
    failed += await runNode([...node, cli, 'build-wasm', ...check], { cwd });
  }
  return failed === 0 ? 0 : 1;
});
