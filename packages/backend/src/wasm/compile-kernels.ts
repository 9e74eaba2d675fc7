import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { BackendError } from '../errors.ts';
import { findPackage } from '../installed-packages.ts';
import {
  backendFolder,
  type KernelPackage,
  kernelFiles,
  kernelPackage,
} from '../native-sources.ts';
import { isNotInstalled } from '../platform.ts';

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

/** The name of the made file. */
const generated = 'kernels.generated.ts';

/**
 * Compiles the AssemblyScript of a package, `kernels/*.as.ts` below the folder that its package.json names, into
 * `kernels.generated.ts` in that folder.
 *
 * @param folder the package's.
 * @param check writes nothing.
 * @returns the file, where it was not what it would be; undefined where nothing had to change.
 * @throws BackendError where there is nothing to compile, or it does not compile.
 */
export async function compileKernels(folder: string, check: boolean): Promise<string | undefined> {
  const declared = kernelPackage(folder);
  if (declared === undefined) {
    throw new BackendError(
      `${join(folder, 'package.json')} declares no kernels; it must have "neverend": { "kernels": "src" }, or another folder`,
    );
  }
  const file = join(declared.kernels, generated);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const seal = sealOf(declared, before);
  // It takes seconds to compile, and the same sources give the same binaries.
  if (before?.startsWith(seal)) return undefined;
  const body = await generate(declared);
  const text = sealOf(declared, body) + body;
  if (before === text) return undefined;
  if (!check) writeFileSync(file, text);
  return file;
}

const firstLines = /^(\/\/ .*\n){2}/;

/** The first lines of the made file, with hashes of what it was made of and of all its other lines. */
function sealOf(of: KernelPackage, text = ''): string {
  // To load it takes seconds as well.
  const compiler = findPackage('assemblyscript', backendFolder());
  const manifest = compiler && readFileSync(join(compiler, 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest ?? '{}') as { readonly version?: string };
  const assembly = join(backendFolder(), 'assembly');
  const files = [
    ...kernelFiles(of, /\.as\.ts$/),
    ...readdirSync(assembly)
      .filter((name) => name.endsWith('.as.ts'))
      .sort()
      .map((name) => join(assembly, name)),
  ];
  const sources = files.map((file) => [
    relative(file.startsWith(assembly) ? assembly : of.folder, file)
      .split(sep)
      .join('/'),
    readFileSync(file, 'utf8'),
  ]);
  const made = JSON.stringify([version, variants, common, sources]);
  return `// Made by \`neverend-backend build-wasm\` from kernels/*.as.ts: do not edit.
// Of the sources ${hash(made)}; what follows is ${hash(text.replace(firstLines, ''))}.
`;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

async function generate(of: KernelPackage): Promise<string> {
  const entry = entryOf(of);
  const binaries: string[] = [];
  let types = '';
  for (const { name, flags } of variants) {
    const { binary, declarations } = await compile(of, entry, flags);
    types = declarations;
    binaries.push(`  ${name}:\n    '${Buffer.from(binary).toString('base64')}',`);
  }
  const contract =
    of.name === '@neverend/backend' ? './wasm/kernel-binaries.ts' : '@neverend/backend/kernels';
  return `import type { KernelBinaries } from '${contract}';

${kernelsInterface(types)}

/** WebAssembly in base64. */
export const kernelBinaries: KernelBinaries<Kernels> = {
${binaries.join('\n')}
};
`;
}

/**
 * A module that exports the kernels: the functions that a source exports, unless they are \`@inline\` or another source
 * imports them, and what it re-exports.
 */
function entryOf(of: KernelPackage): string {
  const files = kernelFiles(of, /\.as\.ts$/).map((file) => ({
    file,
    text: readFileSync(file, 'utf8'),
  }));
  const imported = new Set(
    files.flatMap(({ text }) => listed(text, /^import \{([^}]*)\} from /gm)),
  );
  const lines = files.flatMap(({ file, text }) => {
    const own = [...text.matchAll(/^(@inline\s+)?export function (\w+)/gm)].flatMap(
      ([, inline, name = '']) => (inline || imported.has(name) ? [] : [name]),
    );
    const names = [...own, ...listed(text, /^export \{([^}]*)\}/gm)];
    const path = relative(of.kernels, file).split(sep).join('/').replace(/\.ts$/, '');
    return names.length === 0 ? [] : [`export { ${names.join(', ')} } from './${path}';\n`];
  });
  if (lines.length === 0) {
    throw new BackendError(`no kernels/*.as.ts below ${of.kernels} exports a function`);
  }
  return [...new Set(lines)].join('');
}

/** The names in the braces that the pattern finds, as they are called outside. */
const listed = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].flatMap(([, names = '']) =>
    names.split(',').flatMap((name) =>
      name
        .trim()
        .split(/\s+as\s+/)
        .slice(-1)
        .filter(Boolean),
    ),
  );

async function compile(
  of: KernelPackage,
  entry: string,
  flags: readonly string[],
): Promise<{ binary: Uint8Array<ArrayBuffer>; declarations: string }> {
  const asc = await loadCompiler();
  const written = new Map<string, string | Uint8Array>();
  const entryFile = join(of.kernels, 'kernels.as.ts');
  const options = ['--baseDir', of.folder, '-o', 'kernels.wasm', ...common, ...flags];
  const { error, stderr } = await asc.main([relative(of.folder, entryFile), ...options], {
    readFile: (name: string, base: string) => {
      const file = resolve(base, name);
      if (file === entryFile) return entry;
      return existsSync(file) ? readFileSync(file, 'utf8') : null;
    },
    writeFile: (name: string, contents: string | Uint8Array) => {
      written.set(name, contents);
    },
    listFiles: () => [],
  });
  if (error) {
    throw new BackendError(`the kernels of ${of.name} do not compile:\n${stderr.toString()}`);
  }
  const binary = written.get('kernels.wasm') as Uint8Array<ArrayBuffer>;
  refuseOwnMemory(binary);
  return { binary, declarations: String(written.get('kernels.d.ts')) };
}

async function loadCompiler(): Promise<typeof import('assemblyscript/asc')> {
  try {
    return await import('assemblyscript/asc');
  } catch (error) {
    if (!isNotInstalled(error, 'assemblyscript')) throw error;
    throw new BackendError(
      'AssemblyScript is not installed; bring it with: npm install --save-dev assemblyscript',
      { cause: error },
    );
  }
}

/** Static data would overwrite whatever TensorFlow.js keeps at its address. */
function refuseOwnMemory(binary: Uint8Array<ArrayBuffer>): void {
  // Node 20 has relaxed SIMD behind this flag.
  if (!WebAssembly.validate(binary)) setFlagsFromString('--experimental-wasm-relaxed-simd');
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(binary));
  const names = imports.map(({ module, name }) => `${module}.${name}`).join(', ');
  if (names !== 'env.memory') {
    throw new BackendError(`kernels may import env.memory only, and these import ${names}`);
  }
  if (sections(binary).includes(11)) {
    throw new BackendError('kernels must hold no static data: no strings, arrays or static memory');
  }
}

/** The numbers of a binary's sections. */
function sections(binary: Uint8Array): number[] {
  const ids: number[] = [];
  let at = 8;
  while (at < binary.length) {
    ids.push(binary[at] as number);
    at += 1;
    let size = 0;
    let byte = 0x80;
    for (let shift = 0; byte & 0x80; shift += 7) {
      byte = binary[at] as number;
      size |= (byte & 0x7f) << shift;
      at += 1;
    }
    at += size;
  }
  return ids;
}

/** @param declarations what asc says of the exports */
function kernelsInterface(declarations: string): string {
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
