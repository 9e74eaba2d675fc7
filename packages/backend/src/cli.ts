import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const usage = `Usage: neverend-backend doctor [--json]
       neverend-backend install [--gpu] [--wheel PATH] [--json]
       neverend-backend build-wasm [--check]

doctor tries every TensorFlow.js backend on this machine and prints its version and its device, or why it
is absent and the command that mends it; which kernels of the installed packages are right here; then the
backend that "auto" takes.

install makes the native part of the @tensorflow/tfjs-node 4.22 that the project in the current folder has,
runs an operation and a gradient on it, and prints the device. libtensorflow comes from tfjs-node's own
download or, where that fails, from the TensorFlow that python3 has. On failure nothing is changed. It also
compiles the kernels in C++ of all packages that the project has.

build-wasm is for those who write kernels: it compiles the AssemblyScript of the package in the current folder into
kernels.generated.ts. Needs assemblyscript.

Options:
  --gpu         @tensorflow/tfjs-node-gpu instead
  --wheel PATH  take libtensorflow from this wheel of Python's TensorFlow for Linux, or from the folder of an
                installed one (site-packages/tensorflow); needs g++
  --check       write nothing, and fail where the file is not what it would be
  --json        print one JSON object
  --version     print the version of this package
  --help        print this text

Exit status: 0 when some backend runs here, or the install succeeded; 1 when not; 2 for wrong usage; 130 when
interrupted.
`;

/** The commands, and what each takes. */
const options: Readonly<Record<string, readonly string[]>> = {
  doctor: ['json'],
  install: ['gpu', 'wheel', 'json'],
  'build-wasm': ['check'],
};

class UsageError extends Error {}

class Interrupted extends Error {}

/** Runs the command. @returns the exit status. */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) return print(usage);
  if (values.version) {
    const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    return print(`${(JSON.parse(file) as { version: string }).version}\n`);
  }
  const [command, ...rest] = positionals;
  const commands = 'it must be "doctor", "install" or "build-wasm"';
  if (command === undefined) throw new UsageError(`a command is missing; ${commands}`);
  const allowed = options[command];
  if (allowed === undefined) throw new UsageError(`command was "${command}"; ${commands}`);
  if (rest.length > 0)
    throw new UsageError(`${command} takes no arguments; got "${rest.join(' ')}"`);
  const alien = Object.keys(values).find((option) => !allowed.includes(option));
  if (alien !== undefined) throw new UsageError(`${command} takes no --${alien}`);
  if (command === 'install') return runInstall(values);
  if (command === 'build-wasm') return runBuildWasm(values);
  // TensorFlow.js takes a while to load; usage need not wait for it.
  const { diagnose, diagnosisTable } = await import('./doctor.ts');
  const diagnosis = await diagnose(process.cwd());
  print(values.json ? `${JSON.stringify(diagnosis, null, 2)}\n` : diagnosisTable(diagnosis));
  return diagnosis.auto === null ? 1 : 0;
}

async function runInstall({ gpu = false, wheel, json }: Values): Promise<number> {
  if (wheel === '') throw new UsageError('--wheel was empty; it must be the path of a wheel');
  const { install, installSummary } = await import('./tensorflow/install.ts');
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new Interrupted('interrupted; nothing changed'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const report = await install({
    project: process.cwd(),
    gpu,
    ...(wheel === undefined ? {} : { wheel: resolve(wheel) }),
    signal: interruption.signal,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  if (report.warning !== undefined) process.stderr.write(`warning: ${report.warning}\n`);
  return print(json ? `${JSON.stringify(report, null, 2)}\n` : installSummary(report));
}

async function runBuildWasm({ check = false }: Values): Promise<number> {
  const { compileKernels } = await import('./wasm/compile-kernels.ts');
  const file = await compileKernels(process.cwd(), check);
  if (file === undefined) return 0;
  print(check ? `${file} is stale: run neverend-backend build-wasm\n` : `wrote ${file}\n`);
  return check ? 1 : 0;
}

interface Values {
  check?: boolean;
  json?: boolean;
  gpu?: boolean;
  wheel?: string;
  version?: boolean;
  help?: boolean;
}

function parse(args: string[]): { values: Values; positionals: string[] } {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        check: flag,
        json: flag,
        gpu: flag,
        wheel: { type: 'string' },
        version: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    // Node adds how to give a file of such a name, and here there are none.
    throw new UsageError(firstLine(error).replace(/\. To specify .*$/, ''));
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    const hint = isUsage ? ' (see neverend-backend --help)' : '';
    process.stderr.write(`neverend-backend: ${firstLine(error)}${hint}\n`);
    process.exitCode = isUsage ? 2 : error instanceof Interrupted ? 130 : 1;
  },
);
