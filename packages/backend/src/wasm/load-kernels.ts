import { makeScratch, memoryOf, type WasmBackend } from './host.ts';
import type { KernelBinaries } from './kernel-binaries.ts';
import { hasRelaxedSimd } from './relaxed-simd.ts';
import { startThreadPool, type ThreadPool } from './thread-pool.ts';

/** Compiled kernels on the memory of a backend: they take the addresses of its tensors, and nothing is copied. */
export interface LoadedKernels<Exports> {
  readonly exports: Exports;
  /** Threads that `run` uses. */
  readonly threads: number;
  /**
   * Calls a kernel whose last parameters are `from`, `to` and, if it needs any, `scratch`: from which up to which unit of work, and memory
   * for it alone. On this thread where there are fewer units than two grains, else on all.
   */
  run(
    name: keyof Exports & string,
    values: readonly number[],
    units: number,
    grain: number,
    scratchBytes: number,
  ): void;
  /** Starts threads where the memory is shared, once; where the host refuses them, this one thread goes on. */
  startThreads(threads: number): Promise<void>;
}

const loaded = new WeakMap<WasmBackend, Map<object, unknown>>();

/** The kernels on this backend, compiled at the first call. */
export function loadKernels<Exports>(
  backend: WasmBackend,
  binaries: KernelBinaries<Exports>,
): LoadedKernels<Exports> {
  let known = loaded.get(backend);
  if (known === undefined) {
    known = new Map();
    loaded.set(backend, known);
  }
  let kernels = known.get(binaries) as LoadedKernels<Exports> | undefined;
  if (kernels === undefined) {
    kernels = load(backend, binaries);
    known.set(binaries, kernels);
  }
  return kernels;
}

function load<Exports>(
  backend: WasmBackend,
  binaries: KernelBinaries<Exports>,
): LoadedKernels<Exports> {
  const memory = memoryOf(backend);
  const module = new WebAssembly.Module(decode(chooseBinary(memory, binaries)));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const scratch = makeScratch(backend);
  let pool: ThreadPool | undefined;
  let starting: Promise<void> | undefined;

  function runAlone(name: string, values: readonly number[], units: number, bytes: number): void {
    (exports[name] as (...values: number[]) => void)(...values, 0, units, scratch(bytes));
  }

  async function start(threads: number): Promise<void> {
    if (threads < 2 || !isShared(memory)) return;
    try {
      pool = await startThreadPool(backend, module, exports, threads);
    } catch {
      return;
    }
    const dispose = backend.dispose.bind(backend);
    backend.dispose = () => {
      pool?.stop();
      dispose();
    };
  }

  return {
    exports: exports as Exports,
    get threads() {
      return pool?.threads ?? 1;
    },
    run(name, values, units, grain, scratchBytes) {
      if (units < 2 * grain || pool === undefined) runAlone(name, values, units, scratchBytes);
      else pool.run(name, values, units, grain, scratchBytes);
    },
    startThreads(threads) {
      starting ??= start(threads);
      return starting;
    },
  };
}

/** Not instanceof: where a page may not share memory, the name SharedArrayBuffer does not exist. */
function isShared({ buffer }: WebAssembly.Memory): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}

function chooseBinary(memory: WebAssembly.Memory, binaries: KernelBinaries<unknown>): string {
  const shared = isShared(memory);
  if (hasRelaxedSimd()) return shared ? binaries.sharedRelaxed : binaries.relaxed;
  return shared ? binaries.sharedPlain : binaries.plain;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
