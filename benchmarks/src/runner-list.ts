import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Op } from './types.ts';

/** An implementation on a backend, which runs in a process of its own. */
export interface RunnerKind {
  readonly id: string;
  readonly title: string;
  /** `ours` are compared with `peers`; `machine` is the limit. */
  readonly role: 'ours' | 'peer' | 'machine';
  /** Script in `src/runners` and its arguments before the number of threads; `.py` runs in the Python environment. */
  readonly script: readonly [string, ...string[]];
  /** Takes long to load a case, so that it is checked at the size that is timed alone. */
  readonly compiles?: true;
  /** The one operation that it has. */
  readonly only?: Op;
  /** Has PEER and what it is made of. */
  readonly retrieves?: true;
}

export const runnerKinds: readonly RunnerKind[] = [
  { id: 'machine', title: 'limit', role: 'machine', script: ['machine.ts'] },
  {
    id: 'onnxruntime-node',
    title: 'ONNX Runtime, Node',
    role: 'peer',
    script: ['onnxruntime.ts', 'node'],
  },
  {
    ...{ id: 'torch', title: 'PyTorch eager', role: 'peer', script: ['torch_runner.py'] },
    retrieves: true,
  },
  {
    id: 'torch-compiled',
    title: 'PyTorch compiled',
    role: 'peer',
    script: ['torch_runner.py', 'compiled'],
    ...{ compiles: true, retrieves: true },
  },
  {
    ...{ id: 'jax', title: 'JAX jit', role: 'peer', script: ['jax_runner.py'] },
    retrieves: true,
  },
  {
    id: 'torch-exhaustive',
    title: 'all keys, PyTorch',
    role: 'peer',
    script: ['torch_runner.py', 'exhaustive'],
    ...{ only: 'productKeySearch', retrieves: true },
  },
  {
    ...{ id: 'faiss', title: 'all keys, Faiss', role: 'peer', script: ['faiss_runner.py'] },
    ...{ only: 'productKeySearch', retrieves: true },
  },
  {
    id: 'tensorflow-python',
    title: 'TensorFlow, Python',
    role: 'peer',
    script: ['tensorflow_runner.py'],
  },
  {
    id: 'onnxruntime-web',
    title: 'ONNX Runtime, web',
    role: 'peer',
    script: ['onnxruntime.ts', 'web'],
  },
  ...(['wasm', 'tensorflow', 'webgpu', 'cpu'] as const).flatMap((backend): RunnerKind[] => [
    {
      id: `tfjs-${backend}`,
      title: `TF.js ${backend}`,
      role: 'peer',
      script: ['tfjs.ts', 'stock', backend],
    },
    {
      id: `neverend-${backend}`,
      title: `**neverend ${backend}**`,
      role: 'ours',
      script: ['tfjs.ts', 'own', backend],
      retrieves: true,
    },
  ]),
];

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Lets glibc keep what is freed, in one heap of large pages. By default it gives large results back to the system, and
 * each run pays for new pages: where the system is a virtual machine, many times what the operation itself takes. Large
 * pages NumPy asks for itself, so that random rows of arrays that a runner shares with it would come much faster.
 */
function memoryVariables(): NodeJS.ProcessEnv {
  const tunables = process.env['GLIBC_TUNABLES'];
  return {
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_MAX_: '0',
    MALLOC_TRIM_THRESHOLD_: String(2 ** 36),
    // Of two values for the same glibc takes the last.
    GLIBC_TUNABLES: `${tunables ? `${tunables}:` : ''}glibc.malloc.hugetlb=1`,
  };
}

/**
 * How to start a runner on so many threads. Where the system can, the process is also held to as many CPUs, so
 * that a library with threads of its own gets no more.
 *
 * @param python the interpreter of the Python environment.
 */
export function commandOf({ script }: RunnerKind, threads: number, python: string): Command {
  const [name, ...args] = script;
  const folder = name.endsWith('.py') ? '../python' : './runners';
  const path = fileURLToPath(new URL(`${folder}/${name}`, import.meta.url));
  const node = ['--expose-gc', '--import', 'tsx', '--conditions=@neverend/source'];
  const command = name.endsWith('.py') ? [python, path] : [process.execPath, ...node, path];
  const [file = '', ...rest] = [...pinned(threads), ...command, ...args, String(threads)];
  const count = String(threads);
  return {
    file,
    args: rest,
    env: {
      ...process.env,
      OMP_NUM_THREADS: count,
      TF_NUM_INTRAOP_THREADS: count,
      TF_CPP_MIN_LOG_LEVEL: '3',
      ...memoryVariables(),
    },
  };
}

function pinned(threads: number): string[] {
  if (threads >= availableParallelism() || !existsSync('/usr/bin/taskset')) return [];
  const status = readFileSync('/proc/self/status', 'utf8');
  const cpus = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0';
  const allowed = cpus.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  return ['/usr/bin/taskset', '-c', allowed.slice(0, threads).join(',')];
}
