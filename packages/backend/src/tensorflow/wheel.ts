import { createWriteStream, existsSync } from 'node:fs';
import { copyFile, cp, link, mkdir, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import { BackendError } from '../errors.ts';

const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** The C API and what its headers include, out of the whole of TensorFlow's headers. */
const headers =
  /^include\/(tensorflow\/(c|core\/platform|core\/common_runtime)|tsl\/(c|platform)|xla\/tsl\/c)\/.*\.h$/;

/**
 * Takes libtensorflow and its headers out of Python's TensorFlow into `deps`, laid out and named as tfjs-node's
 * binding expects them.
 *
 * @param path a wheel (`.whl`), or the folder of the installed package (`site-packages/tensorflow`)
 * @throws BackendError when there is nothing there, or it is not a TensorFlow for Linux.
 */
export async function takeLibtensorflow(
  path: string,
  deps: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new BackendError(`--wheel was ${path}; there is no such file`);
  await mkdir(join(deps, 'lib'), { recursive: true });
  if (found.isDirectory()) await takeFromFolder(path, deps);
  else await takeFromWheel(path, deps, signal);
  const missing = [
    ...libraries.map((name) => join('lib', name)),
    'include/tensorflow/c/c_api.h',
  ].find((name) => !existsSync(join(deps, name)));
  if (missing !== undefined) {
    throw new BackendError(
      `${path} is no Python TensorFlow for Linux: it lacks ${missing.replace('lib/', '')}`,
    );
  }
  const lib = join(deps, 'lib');
  const [whole, framework] = libraries;
  await symlink(whole, join(lib, 'libtensorflow.so'));
  await symlink(whole, join(lib, 'libtensorflow.so.2'));
  // By this one tfjs-node knows that it has nothing to download.
  await symlink(whole, join(lib, 'libtensorflow.so.2.9.1'));
  await symlink(framework, join(lib, 'libtensorflow_framework.so'));
}

async function takeFromFolder(folder: string, deps: string): Promise<void> {
  for (const name of libraries) {
    const source = join(folder, name);
    if (!existsSync(source)) continue;
    const target = join(deps, 'lib', name);
    // They are large. A second name for the same file costs nothing and outlives the Python package.
    await link(source, target).catch(() => copyFile(source, target));
  }
  const include = join(folder, 'include');
  if (existsSync(include)) {
    await cp(include, join(deps, 'include'), {
      recursive: true,
      filter: async (source) => {
        const name = `include/${relative(include, source).split(sep).join('/')}`;
        return headers.test(name) || (await stat(source)).isDirectory();
      },
    });
  }
  // CUDA's libraries are Python packages too, and libtensorflow looks for them beside its own folder.
  const nvidia = join(dirname(folder), 'nvidia');
  if (existsSync(nvidia)) await symlink(nvidia, join(deps, 'nvidia'));
}

async function takeFromWheel(wheel: string, deps: string, signal: AbortSignal): Promise<void> {
  const zip = await openPromise(wheel).catch((error: Error) => {
    throw new BackendError(`${wheel} is no wheel: ${error.message}`, { cause: error });
  });
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName.replace(/^tensorflow\//, '');
      const library = libraries.some((candidate) => candidate === name);
      if (!library && !headers.test(name)) continue;
      const target = join(deps, library ? join('lib', name) : name);
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target), { signal });
    }
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackendError(`${wheel} cannot be unpacked: ${reason}`, { cause: error });
  } finally {
    zip.close();
  }
}
