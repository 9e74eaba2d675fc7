import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackendError } from '../errors.ts';
import { findPackage, type InstalledPackage, installedPackages } from '../installed-packages.ts';
import {
  backendFolder,
  type KernelPackage,
  kernelFiles,
  kernelPackage,
} from '../native-sources.ts';
import { reasonOf } from '../platform.ts';
import { workspaceFolders } from '../workspace-folders.ts';
import {
  addonFolder,
  type CompiledPackage,
  describePackage,
  readAddonManifest,
  writeAddonManifest,
} from './addon-manifest.ts';
import { type CompilerOptions, compileAddon, compileSources } from './compile.ts';
import { tryKernels } from './try-package.ts';

export interface BuildOptions {
  readonly project: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Those that have C++, this package first. Of two versions of a package one is taken, and a line says so.
 *
 * @param project in which it is seen which version is nearer.
 */
export function packagesWithOps(
  installed: readonly InstalledPackage[],
  project: string,
  say: (line: string) => void = () => {},
): KernelPackage[] {
  const chosen = new Map<string, KernelPackage>();
  for (const folder of [backendFolder(), ...installed.map((one) => one.folder)]) {
    const found = kernelPackage(folder);
    if (found === undefined || kernelFiles(found, /\.cc$/).length === 0) continue;
    const { name, version } = found;
    const other = chosen.get(name);
    if (other === undefined) chosen.set(name, found);
    else if (other.version !== version) {
      // The addon's own part is that of the command that builds it.
      const isNearer = name !== '@neverend/backend' && findPackage(name, project) === folder;
      if (isNearer) chosen.set(name, found);
      say(
        `${name} is there as ${other.version} and as ${version}: the kernels in C++ are those of ${isNearer ? version : other.version}`,
      );
    }
  }
  return [...chosen.values()];
}

/**
 * Makes the addon of a tfjs-node, out of the C++ of all packages that a project has, unless it is there already and runs.
 * A package that does not compile, or with which the addon does not run, is left out, and a line says so. What does not run is
 * not left there: it would take the whole backend down.
 *
 * @returns which packages are in it.
 * @throws BackendError where there is no addon then: that of this package alone does not run.
 */
export async function buildAddon(
  tfjsNode: string,
  options: BuildOptions,
): Promise<readonly CompiledPackage[]> {
  const { signal, say } = options;
  const installed = installedPackages(workspaceFolders(options.project));
  const packages = packagesWithOps(installed, options.project, say);
  const wanted = packages.map((one) => describePackage(tfjsNode, one));
  const folder = addonFolder(tfjsNode);
  const old = readAddonManifest(tfjsNode);
  if (old !== undefined) {
    const failure = await whyItFails(tfjsNode, join(folder, old.addon), signal);
    if (failure !== undefined) {
      say(`the kernels that are there fail: ${failure}`);
      await rm(folder, { recursive: true });
    } else if (JSON.stringify(old.packages) === JSON.stringify(wanted)) return old.packages;
  }
  await mkdir(folder, { recursive: true });
  // Node tells an addon by the end of its name.
  const unfinished = join(folder, `${process.pid}.node`);
  const objects = await mkdtemp(join(tmpdir(), 'neverend-objects-'));
  try {
    say(`compiling the kernels of ${wanted.map(({ name }) => name).join(', ')}`);
    const compiled = await compilePackages(packages, objects, { tfjsNode, signal });
    const failures = await linkWhatRuns(compiled, unfinished, { tfjsNode, signal });
    for (const [name, reason] of failures) say(`without the kernels of ${name}: ${reason}`);
    const done = wanted.map((one) => {
      const reason = failures.get(one.name);
      return reason === undefined ? one : { ...one, failure: reason };
    });
    const hash = createHash('sha256').update(JSON.stringify(done)).digest('hex').slice(0, 12);
    const addon = `kernels-${hash}.node`;
    await rename(unfinished, join(folder, addon));
    writeAddonManifest(tfjsNode, { addon, packages: done });
    for (const name of await readdir(folder)) {
      if (name.startsWith('kernels-') && name !== addon) await rm(join(folder, name));
    }
    return done;
  } finally {
    await rm(unfinished, { force: true });
    await rm(objects, { recursive: true });
  }
}

/** The object files of each package, or why it does not compile. */
export async function compilePackages(
  packages: readonly KernelPackage[],
  folder: string,
  options: CompilerOptions,
): Promise<Map<string, string[] | BackendError>> {
  const sources = packages.map((one) => kernelFiles(one, /\.cc$/));
  const results = await compileSources(sources.flat(), folder, options);
  return new Map(
    packages.map(({ name }, index) => {
      const own = results.splice(0, sources[index]?.length);
      const failure = own.find((one) => one instanceof BackendError);
      return [name, failure ?? (own as string[])];
    }),
  );
}

/** Links an addon that runs, of as many packages as can be in it. @returns why others are not, by name. */
async function linkWhatRuns(
  compiled: ReadonlyMap<string, string[] | BackendError>,
  target: string,
  options: CompilerOptions,
): Promise<Map<string, string>> {
  const failures = new Map<string, string>();
  const names: string[] = [];
  for (const [name, result] of compiled) {
    if (Array.isArray(result)) names.push(name);
    else failures.set(name, result.message);
  }
  const whyNot = async (some: readonly string[]): Promise<string | undefined> => {
    const objects = some.flatMap((name) => compiled.get(name) as string[]);
    try {
      await compileAddon(objects, target, options);
    } catch (error) {
      options.signal.throwIfAborted();
      return reasonOf(error);
    }
    return whyItFails(options.tfjsNode, target, options.signal);
  };
  const own = failures.get('@neverend/backend');
  if (own !== undefined) throw new BackendError(own);
  if ((await whyNot(names)) === undefined) return failures;
  // Which package is at fault shows as each joins those with which it runs.
  const good = names.splice(0, 1);
  const alone = await whyNot(good);
  if (alone !== undefined) throw new BackendError(alone);
  for (const name of names) {
    const failure = await whyNot([...good, name]);
    if (failure === undefined) good.push(name);
    else failures.set(name, failure);
  }
  await whyNot(good);
  return failures;
}

async function whyItFails(
  tfjsNode: string,
  file: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await tryKernels(tfjsNode, file, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return reasonOf(error);
  }
}
