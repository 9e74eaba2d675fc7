import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { BackendError } from '../errors.ts';
import { reasonOf } from '../platform.ts';
import { buildAddon } from './build-addon.ts';
import { bindingPath, compileAddon } from './compile.ts';
import { firstError, runProgram } from './run-program.ts';
import { openStage } from './stage.ts';
import { type Trial, tryPackage } from './try-package.ts';
import { takeLibtensorflow } from './wheel.ts';

export interface InstallOptions {
  /** Folder of the project whose tfjs-node is meant. */
  readonly project: string;
  /** `@tensorflow/tfjs-node-gpu` instead of `@tensorflow/tfjs-node`. */
  readonly gpu: boolean;
  /** A wheel of Python's TensorFlow, or the folder of an installed one; nothing is downloaded then. */
  readonly wheel?: string;
  readonly signal: AbortSignal;
  /** Gets one line for each thing that happens. */
  readonly say: (line: string) => void;
}

/** What came of the kernels in C++. Everything works without them, slower. */
interface KernelsReport {
  /** Names and versions of the packages whose kernels were compiled. */
  readonly compiled: readonly string[];
  /** The packages that others go without, and why. */
  readonly kernelsFailed?: readonly { readonly name: string; readonly reason: string }[];
  /** Why there are no kernels at all. */
  readonly kernelsMissing?: string;
}

export interface InstallReport extends Trial, KernelsReport {
  /** Name and version of the package that now works. */
  readonly package: string;
  readonly folder: string;
  /** Where libtensorflow is from. */
  readonly source: string;
  /** What is not as it was asked for. */
  readonly warning?: string;
}

/** Silence of this many milliseconds ends tfjs-node's own download. */
const downloadTimeout = 20_000;

/**
 * Makes the native part of an installed tfjs-node 4.22 and tries it. The package changes only once the new part
 * has run, and then at once; on any failure, and on abort, it is as it was.
 *
 * @throws BackendError that says what is missing and what brings it.
 */
export async function install(options: InstallOptions): Promise<InstallReport> {
  const { project, gpu, wheel, signal, say } = options;
  const name = gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  const { folder, version } = await findPackage(name, project);
  const report = (trial: Trial, source: string, kernels: KernelsReport): InstallReport => ({
    package: `${name} ${version}`,
    folder,
    source,
    ...trial,
    ...kernels,
    ...(gpu && !trial.gpu ? { warning: cpuWarning } : {}),
  });
  if (wheel === undefined && existsSync(join(folder, bindingPath))) {
    const trial = await tryPackage(folder, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      say(`what is there does not run: ${reasonOf(error)}`);
    });
    if (trial !== undefined && (trial.gpu || !gpu)) {
      return report(trial, 'what was there', await buildKernels(folder, options));
    }
  }
  const stage = await openStage(folder);
  try {
    const source = await prepare(stage.folder, options);
    say('running an operation and a gradient');
    const trial = await tryPackage(stage.folder, signal);
    const kernels = await buildKernels(stage.folder, options);
    await stage.publish();
    return report(trial, source, kernels);
  } finally {
    await stage.discard();
  }
}

/** The report for people. */
export function installSummary(report: InstallReport): string {
  const device = report.gpu ? 'an NVIDIA GPU over CUDA' : 'the CPU';
  const lines = [
    `${report.package} runs on ${device}, with TensorFlow ${report.libtensorflow} from ${report.source}`,
    report.kernelsMissing === undefined
      ? `kernels in C++: ${report.compiled.join(', ')}`
      : `without kernels in C++: ${report.kernelsMissing}`,
    ...(report.kernelsFailed ?? []).map(
      ({ name, reason }) => `without those of ${name}: ${reason}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const cpuWarning =
  'no GPU was found, so it computes on the CPU: it needs an NVIDIA driver, and the CUDA and cuDNN libraries that its libtensorflow was built with';

async function findPackage(
  name: string,
  project: string,
): Promise<{ folder: string; version: string }> {
  let manifest: string;
  try {
    manifest = createRequire(join(project, 'package.json')).resolve(`${name}/package.json`);
  } catch {
    throw new BackendError(
      `${name} is not installed in ${project}; install it without its own scripts first: npm install --ignore-scripts ${name}@4.22.0`,
    );
  }
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  if (!version.startsWith('4.22.')) {
    throw new BackendError(`${name} is ${version}; it must be 4.22`);
  }
  return { folder: await realpath(dirname(manifest)), version };
}

/** Makes `deps` and `lib` in the stage. @returns where libtensorflow is from. */
async function prepare(stage: string, options: InstallOptions): Promise<string> {
  const { gpu, signal, say } = options;
  let { wheel } = options;
  if (wheel === undefined) {
    say("trying tfjs-node's own download");
    const failure = await download(stage, options);
    if (failure === undefined) return "tfjs-node's own download";
    say(`it failed: ${failure}`);
    wheel = await findPythonTensorflow(signal);
    if (wheel === undefined) {
      const requirement = gpu ? "'tensorflow[and-cuda]==2.21.0'" : 'tensorflow-cpu==2.21.0';
      throw new BackendError(
        `tfjs-node's own download failed, and python3 has no TensorFlow; bring one with: pip install ${requirement} (or pip download it, and pass --wheel)`,
      );
    }
  }
  if (process.platform !== 'linux') {
    throw new BackendError(`a wheel serves on Linux only; this is ${process.platform}`);
  }
  say(`taking libtensorflow from ${wheel}`);
  // What a download that failed midway left.
  await rm(join(stage, 'deps'), { recursive: true, force: true });
  await rm(join(stage, 'lib'), { recursive: true, force: true });
  await takeLibtensorflow(wheel, join(stage, 'deps'), signal);
  say('compiling the binding of tfjs-node');
  const binding = join(stage, bindingPath);
  await mkdir(dirname(binding), { recursive: true });
  const sources = (await readdir(join(stage, 'binding')))
    .filter((file) => file.endsWith('.cc'))
    .map((file) => join(stage, 'binding', file));
  await compileAddon(sources, binding, { tfjsNode: stage, signal });
  return wheel;
}

/** Builds the kernels in C++ of all packages that the project has. */
async function buildKernels(tfjsNode: string, options: InstallOptions): Promise<KernelsReport> {
  try {
    const packages = await buildAddon(tfjsNode, options);
    const failed = packages.flatMap(({ name, failure }) =>
      failure === undefined ? [] : [{ name, reason: failure }],
    );
    const compiled = packages.filter(({ failure }) => failure === undefined);
    return {
      compiled: compiled.map(({ name, version }) => `${name} ${version}`),
      ...(failed.length === 0 ? {} : { kernelsFailed: failed }),
    };
  } catch (error) {
    options.signal.throwIfAborted();
    return { compiled: [], kernelsMissing: reasonOf(error) };
  }
}

/** Runs tfjs-node's own install script. @returns why it failed; undefined where it did not. */
async function download(
  stage: string,
  { gpu, signal, project }: InstallOptions,
): Promise<string | undefined> {
  const bins = [join(stage, 'node_modules', '.bin')];
  for (let folder = stage; dirname(folder) !== folder; folder = dirname(folder)) {
    bins.push(join(folder, 'node_modules', '.bin'));
  }
  const path = [...bins, join(project, 'node_modules', '.bin'), dirname(process.execPath)];
  const { status, output } = await runProgram(
    process.execPath,
    [join('scripts', 'install.js'), ...(gpu ? ['gpu', 'download'] : [])],
    {
      cwd: stage,
      env: { ...process.env, PATH: [...path, process.env['PATH'] ?? ''].join(delimiter) },
      signal,
      timeout: downloadTimeout,
      progress: () => folderSize(stage),
    },
  );
  if (status === 0 && existsSync(join(stage, bindingPath))) return undefined;
  if (status === null) return `nothing came for ${downloadTimeout / 1000} s`;
  return firstError(output) ?? `its install script ended with status ${status}`;
}

async function folderSize(folder: string): Promise<number> {
  let size = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) size += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return size;
}

/** The folder of the TensorFlow that `python3` would import, found without loading it. */
async function findPythonTensorflow(signal: AbortSignal): Promise<string | undefined> {
  const find =
    "import importlib.util; s = importlib.util.find_spec('tensorflow'); print(s.submodule_search_locations[0] if s else '')";
  const found = await runProgram('python3', ['-c', find], { signal, timeout: 30_000 }).catch(
    () => undefined,
  );
  signal.throwIfAborted();
  return found?.status === 0 ? found.stdout.trim() || undefined : undefined;
}
