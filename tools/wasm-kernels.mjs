// Compiles a package's AssemblyScript kernels, `src/kernels.as.ts` and what it imports, into
// `src/kernels.generated.ts`. `node tools/wasm-kernels.mjs packages/backend` does one package, without a name every
// package that has kernels. With `--check` nothing is written, and it fails where the committed file is not what would be.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { publicPackages } from './packages.mjs';
import { setUp } from './setup.mjs';
import { main, root } from './workspace.mjs';

const entry = join('src', 'kernels.as.ts');
const generated = join('src', 'kernels.generated.ts');

const variants = [
  { name: 'plain', flags: [] },
  { name: 'relaxed', flags: ['--enable', 'relaxed-simd'] },
  { name: 'sharedPlain', flags: ['--enable', 'threads', '--sharedMemory'] },
  {
    name: 'sharedRelaxed',
    flags: ['--enable', 'relaxed-simd', '--enable', 'threads', '--sharedMemory'],
  },
];

// The memory is TensorFlow.js' own: nothing of ours may lie in it that it did not hand out.
const common = [
  ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
  ...['--enable', 'simd', '--importMemory', '--noExportMemory'],
  ...['--initialMemory', '1', '--maximumMemory', '65536', '--bindings', 'raw'],
];

/**
 * The text of the generated file.
 * @param {string} folder of the package
 */
export async function compileKernels(folder) {
  /** @type {string[]} */
  const binaries = [];
  let types = '';
  for (const { name, flags } of variants) {
    const { binary, declarations } = await compile(folder, flags);
    types = declarations;
    binaries.push(`  ${name}:\n    '${Buffer.from(binary).toString('base64')}',`);
  }
  return `// Made by \`node tools/wasm-kernels.mjs\` from kernels.as.ts: do not edit.
import type { KernelBinaries } from '${folder === join(root, 'packages', 'backend') ? './wasm/kernel-binaries.ts' : '@neverend/backend/kernels'}';

${kernelsInterface(types)}

/** WebAssembly in base64. */
export const kernelBinaries: KernelBinaries<Kernels> = {
${binaries.join('\n')}
};
`;
}

/**
 * @param {string} folder
 * @param {readonly string[]} flags
 * @returns {Promise<{ binary: Uint8Array<ArrayBuffer>, declarations: string }>}
 */
async function compile(folder, flags) {
  // Imported here: on a fresh clone there is nothing to import before the setup.
  const asc = await import('assemblyscript/asc');
  /** @type {Map<string, string | Uint8Array>} */
  const written = new Map();
  const options = ['--baseDir', folder, '-o', 'kernels.wasm', ...common, ...flags];
  const { error, stderr } = await asc.main([entry, ...options], {
    readFile: (name, base) => {
      const file = resolve(base, name);
      return existsSync(file) ? readFileSync(file, 'utf8') : null;
    },
    writeFile: (name, contents) => {
      written.set(name, contents);
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`cannot compile ${join(folder, entry)}:\n${stderr.toString()}`);
  const binary = /** @type {Uint8Array<ArrayBuffer>} */ (written.get('kernels.wasm'));
  refuseOwnMemory(binary);
  return { binary, declarations: String(written.get('kernels.d.ts')) };
}

/**
 * Static data would overwrite whatever TensorFlow.js keeps at its address.
 * @param {Uint8Array<ArrayBuffer>} binary
 */
function refuseOwnMemory(binary) {
  // Node 20 has relaxed SIMD behind this flag.
  if (!WebAssembly.validate(binary)) setFlagsFromString('--experimental-wasm-relaxed-simd');
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(binary));
  const names = imports.map(({ module, name }) => `${module}.${name}`).join(', ');
  if (names !== 'env.memory') throw new Error(`kernels may import env.memory only: ${names}`);
  if (sections(binary).includes(11)) throw new Error('kernels must hold no static data');
}

/**
 * The numbers of a binary's sections.
 * @param {Uint8Array} binary
 */
function sections(binary) {
  /** @type {number[]} */
  const ids = [];
  let at = 8;
  while (at < binary.length) {
    ids.push(/** @type {number} */ (binary[at]));
    at += 1;
    let size = 0;
    let byte = 0x80;
    for (let shift = 0; byte & 0x80; shift += 7) {
      byte = /** @type {number} */ (binary[at]);
      size |= (byte & 0x7f) << shift;
      at += 1;
    }
    at += size;
  }
  return ids;
}

/** @param {string} declarations what asc says of the exports */
function kernelsInterface(declarations) {
  const functions = [...declarations.matchAll(/^ {2}export function (\w+)\((.*)\): (\w+);$/gm)].map(
    ([, name, parameters = '', result]) => {
      const list = parameters.split(', ').filter((parameter) => parameter !== '');
      const oneLine = `  ${name}(${list.join(', ')}): ${result};`;
      if (oneLine.length <= 100) return oneLine;
      return `  ${name}(\n${list.map((parameter) => `    ${parameter},\n`).join('')}  ): ${result};`;
    },
  );
  return `export interface Kernels {\n${functions.join('\n')}\n}`;
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    await setUp();
    const check = process.argv.includes('--check');
    const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
    const all = publicPackages().map(({ folder }) => folder);
    const folders = named.length > 0 ? named.map((name) => resolve(name)) : all;
    let stale = 0;
    for (const folder of folders.filter((candidate) => existsSync(join(candidate, entry)))) {
      const file = join(folder, generated);
      const text = await compileKernels(folder);
      if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
      if (check) {
        stale += 1;
        console.log(`${relative(root, file)} is stale: run node tools/wasm-kernels.mjs`);
      } else writeFileSync(file, text);
    }
    return stale === 0 ? 0 : 1;
  });
}
