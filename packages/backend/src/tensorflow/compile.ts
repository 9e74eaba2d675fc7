import { join } from 'node:path';
import nodeApiHeaders from 'node-api-headers';
import { BackendError } from '../errors.ts';
import { runProgram } from './run-program.ts';

/** The newest Node-API that tfjs-node 4.22 names a folder for; Node 20.19 and later know it. */
const napiVersion = 8;

/** Where tfjs-node looks for its binding, from the root of the package. */
export const bindingPath: string = join('lib', `napi-v${napiVersion}`, 'tfjs_binding.node');

/**
 * Compiles C++ into an addon of Node that is linked with the libtensorflow of a tfjs-node, in one call of the
 * compiler (`CXX`, else g++). Node-API is the same for every Node, so no headers of this very Node are needed.
 *
 * @param packageFolder the tfjs-node whose `deps` hold libtensorflow and its headers
 * @param target lies two folders below the package's root
 * @param flags more of the compiler's
 * @throws BackendError where there is no compiler, or it fails; the message ends with its first error.
 */
export async function compileAddon(
  packageFolder: string,
  sources: readonly string[],
  target: string,
  signal: AbortSignal,
  flags: readonly string[] = [],
): Promise<void> {
  const compiler = process.env['CXX'] || 'g++';
  const { include_dir: nodeApi } = nodeApiHeaders;
  const deps = join(packageFolder, 'deps');
  const args = [
    ...['-std=c++17', '-O3', '-fPIC', '-shared', '-pthread', `-DNAPI_VERSION=${napiVersion}`],
    // What lets loops over floats be vectorised; none of it changes their results.
    ...['-fopenmp-simd', '-fno-math-errno', '-fno-trapping-math'],
    ...[`-I${nodeApi}`, `-I${join(deps, 'include')}`, ...flags, ...sources, '-o', target],
    ...[`-L${join(deps, 'lib')}`, '-ltensorflow', '-ltensorflow_framework'],
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ];
  const { status, output } = await runProgram(compiler, args, { signal }).catch((error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new BackendError(
      `no C++ compiler: ${compiler} was not found (apt-get install g++, or name another in CXX)`,
    );
  });
  if (status === 0) return;
  const lines = output.split('\n').filter((line) => line !== '');
  const first = lines.find((line) => /error|undefined reference|cannot/i.test(line)) ?? lines[0];
  throw new BackendError(`${compiler} ended with status ${status}: ${first ?? 'without a word'}`);
}
