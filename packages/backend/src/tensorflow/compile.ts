import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { BackendError } from '../errors.ts';
import { backendFolder, includeFolder } from '../native-sources.ts';
import { runProgram } from './run-program.ts';

/** The newest Node-API that tfjs-node 4.22 names a folder for; Node 20.19 and later know it. */
const napiVersion = 8;

/** Where tfjs-node looks for its binding, from the root of the package. */
export const bindingPath: string = join('lib', `napi-v${napiVersion}`, 'tfjs_binding.node');

export interface CompilerOptions {
  /** The tfjs-node whose `deps` hold libtensorflow and its headers. */
  readonly tfjsNode: string;
  readonly signal: AbortSignal;
  /** Further flags for the compiler. */
  readonly flags?: readonly string[];
}

/**
 * Compiles C++, or links what was compiled, into an addon of Node on the libtensorflow of a tfjs-node. Node-API is the
 * same for every Node, so no headers of this very Node are needed.
 *
 * @param target lies two folders below the tfjs-node.
 * @throws BackendError where there is no compiler (`CXX`, else g++), or it fails; the message ends with its first error.
 */
export async function compileAddon(
  sources: readonly string[],
  target: string,
  options: CompilerOptions,
): Promise<void> {
  const lib = join(options.tfjsNode, 'deps', 'lib');
  await runCompiler(options, [
    ...['-shared', ...sources, '-o', target],
    ...[`-L${lib}`, '-ltensorflow', '-ltensorflow_framework'],
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ]);
}

/**
 * Compiles each source on its own, as many at a time as there are processors, for `compileAddon` to link.
 *
 * @returns for each source its object file in the folder, or why it does not compile.
 * @throws BackendError where there is no compiler.
 */
export async function compileSources(
  sources: readonly string[],
  folder: string,
  options: CompilerOptions,
): Promise<(string | BackendError)[]> {
  const results: (string | BackendError)[] = [];
  const left = [...sources.entries()];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, source] = next;
      const object = join(folder, `${index}.o`);
      results[index] = await runCompiler(options, ['-c', source, '-o', object]).then(
        () => object,
        (error: unknown) => {
          if (error instanceof BackendError && !(error instanceof NoCompiler)) return error;
          throw error;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

export const compilerName = (): string => process.env['CXX'] || 'g++';

class NoCompiler extends BackendError {}

async function runCompiler(
  { tfjsNode, signal, flags = [] }: CompilerOptions,
  args: readonly string[],
): Promise<void> {
  const compiler = compilerName();
  const all = [
    ...['-std=c++17', '-O3', '-fPIC', '-pthread', `-DNAPI_VERSION=${napiVersion}`],
    // What lets loops over floats be vectorised; none of it changes their results.
    ...['-fopenmp-simd', '-fno-math-errno', '-fno-trapping-math'],
    ...[nodeApiFolder(), join(tfjsNode, 'deps', 'include'), includeFolder()].map((it) => `-I${it}`),
    ...flags,
    ...args,
  ];
  const { status, output } = await runProgram(compiler, all, { signal }).catch((error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new NoCompiler(
      `no C++ compiler: ${compiler} was not found (apt-get install g++, or name another in CXX)`,
    );
  });
  if (status === 0) return;
  const lines = output.split('\n').filter((line) => line !== '');
  const first =
    lines.find((line) => /error|multiple definition|undefined reference|cannot/i.test(line)) ??
    lines[0];
  throw new BackendError(`${compiler} ended with status ${status}: ${first ?? 'without a word'}`);
}

/** Node's headers lie beside the built package; a checkout has them from npm. */
function nodeApiFolder(): string {
  const built = join(backendFolder(), 'dist', 'node-api-headers');
  if (existsSync(built)) return built;
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('node-api-headers/package.json')), 'include');
}
