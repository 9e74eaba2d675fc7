import { makeScratch, memoryOf, type WasmBackend } from './host.ts';
import type { KernelBinaries } from './kernel-binaries.ts';
import { hasRelaxedSimd } from './relaxed-simd.ts';
import {
  type PoolModule,
  startThreadPool,
  type ThreadCrew,
  type ThreadPool,
} from './thread-pool.ts';

/** Compiled kernels on the memory of a backend: they take the addresses of its tensors, and nothing is copied. */
export interface LoadedKernels<Exports> {
  readonly exports: Exports;
  /**
   * Calls a kernel whose last parameters are `from`, `to` and, if it needs any, `scratch`: from which up to which unit of work, and memory
   * for it alone. On this thread where there are fewer units than two grains, or too little memory for all, else on all.
   */
  parallelFor(
    name: keyof Exports & string,
    values: readonly number[],
    units: number,
    grain: number,
    scratchBytes: number,
  ): void;
}

/** Bytes for all threads together. With more than half of what 32 bits address the heap would be full, and one thread is slow but works. */
const mostScratch = 2 ** 31;

/** What this module keeps for a backend. */
interface Host {
  readonly loaded: Map<object, unknown>;
  pool?: ThreadPool;
}

const hosts = new WeakMap<WasmBackend, Host>();

function hostOf(backend: WasmBackend): Host {
  let host = hosts.get(backend);
  if (host === undefined) {
    const made: Host = { loaded: new Map() };
    host = made;
    hosts.set(backend, made);
    const dispose = backend.dispose.bind(backend);
    backend.dispose = () => {
      made.pool?.stop();
      // They hold on to its memory.
      hosts.delete(backend);
      dispose();
    };
  }
  return host;
}

/** The kernels on this backend, compiled at the first call. */
export function loadKernels<Exports>(
  backend: WasmBackend,
  binaries: KernelBinaries<Exports>,
): LoadedKernels<Exports> {
  const host = hostOf(backend);
  let loaded = host.loaded.get(binaries) as LoadedKernels<Exports> | undefined;
  if (loaded === undefined) {
    loaded = load(backend, host, binaries);
    host.loaded.set(binaries, loaded);
  }
  return loaded;
}

/**
 * Starts threads for all kernels of a backend whose memory is shared; where the host refuses them, this one thread goes on.
 *
 * @throws what the host says where it refuses them.
 */
export async function startThreads(backend: WasmBackend, crew: ThreadCrew): Promise<void> {
  hostOf(backend).pool = await startThreadPool(backend, crew);
}

/** Threads that the kernels of a backend run on. */
export const threadsOf = (backend: WasmBackend): number => hostOf(backend).pool?.threads ?? 1;

function load<Exports>(
  backend: WasmBackend,
  host: Host,
  binaries: KernelBinaries<Exports>,
): LoadedKernels<Exports> {
  const memory = memoryOf(backend);
  const binary = decode(chooseBinary(memory, binaries));
  const module = new WebAssembly.Module(binary);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const scratch = makeScratch(backend);
  let shared: PoolModule | undefined;

  function runAlone(name: string, values: readonly number[], units: number, bytes: number): void {
    (exports[name] as (...values: number[]) => void)(...values, 0, units, scratch(bytes));
  }

  return {
    exports: exports as Exports,
    parallelFor(name, values, units, grain, scratchBytes) {
      const { pool } = host;
      const isAlone = pool === undefined || units < 2 * grain;
      if (isAlone || scratchBytes * pool.threads > mostScratch) {
        runAlone(name, values, units, scratchBytes);
      } else {
        shared ??= pool.add(binary, module, exports);
        pool.parallelFor(shared, name, values, units, grain, scratchBytes);
      }
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
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
