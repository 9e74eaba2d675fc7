import { isNode } from '../backends/platform.ts';
import { allocate, memoryOf, type WasmBackend } from './host.ts';
import { workerSource } from './worker-source.ts';

const STATE_INTS = 8;
const NUMBERS = 32;
/** Loads of a counter before a thread goes to sleep: some 20 microseconds. */
const SPINS = 2000;

/** Further threads that run the functions of one module on a backend's shared memory. */
export interface ThreadPool {
  /** The calling one included. */
  readonly threads: number;
  /**
   * Calls `name` of the module on every thread with (...values, from, to, scratch): the units of work are shared out, and each thread has
   * `scratchBytes` of memory of its own. Returns when all are done.
   */
  run(name: string, values: readonly number[], units: number, scratchBytes: number): void;
  stop(): void;
}

interface Thread {
  /** Settles once it waits for work. */
  readonly ready: Promise<void>;
  stop(): void;
}

/**
 * Starts `threads - 1` workers and waits for them.
 *
 * @throws what the host says where it lets no worker start.
 */
export async function startThreadPool(
  backend: WasmBackend,
  module: WebAssembly.Module,
  exports: WebAssembly.Exports,
  threads: number,
): Promise<ThreadPool> {
  const memory = memoryOf(backend);
  const block = allocate(backend, 4 * STATE_INTS + 8 * NUMBERS);
  const state = new Int32Array(memory.buffer, block, STATE_INTS).fill(0);
  const numbers = new Float64Array(memory.buffer, block + 4 * STATE_INTS, NUMBERS);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const workers: Thread[] = [];
  const stop = (): void => {
    for (const worker of workers) worker.stop();
  };
  try {
    for (let index = 1; index < threads; index++) {
      workers.push(startWorker({ module, memory, block, index, threads }));
    }
    await Promise.all(workers.map(({ ready }) => ready));
  } catch (error) {
    stop();
    backend.wasm._free(block);
    throw error;
  }
  let scratch = 0;
  let scratchSize = 0;

  function run(name: string, values: readonly number[], units: number, scratchBytes: number): void {
    if (scratchSize < scratchBytes * threads) {
      if (scratch !== 0) backend.wasm._free(scratch);
      scratchSize = scratchBytes * threads;
      scratch = allocate(backend, scratchSize);
    }
    numbers.set([units, scratch, scratchBytes, ...values]);
    state[2] = names.indexOf(name);
    state[3] = values.length;
    Atomics.store(state, 1, threads - 1);
    Atomics.add(state, 0, 1);
    Atomics.notify(state, 0);
    const share = Math.floor(units / threads);
    const call = exports[name] as (...values: number[]) => void;
    try {
      call(...values, 0, share, scratch);
    } finally {
      waitForOthers(state);
    }
    if (Atomics.exchange(state, 4, 0) !== 0)
      throw new Error(`the kernel ${name} failed in a thread`);
  }

  return { threads, run, stop };
}

/** Spins, then sleeps where the host lets this thread sleep: a page's own thread must not. */
function waitForOthers(state: Int32Array<ArrayBufferLike>): void {
  const maySleep = typeof window === 'undefined';
  for (let spins = 0; ; spins++) {
    const left = Atomics.load(state, 1);
    if (left === 0) return;
    if (maySleep && spins > SPINS) Atomics.wait(state, 1, left);
  }
}

function startWorker(data: object): Thread {
  return isNode ? startInNode(data) : startInBrowser(data);
}

function startInNode(workerData: object): Thread {
  // Not an import: bundles for browsers must hold no module of Node.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(workerSource, { eval: true, workerData });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  // While it starts it keeps the process; afterwards it must not.
  return {
    ready: ready.finally(() => worker.unref()),
    stop: () => void worker.terminate(),
  };
}

function startInBrowser(data: object): Thread {
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => reject(new Error(event.message));
  });
  worker.postMessage(data);
  return { ready: ready.finally(() => URL.revokeObjectURL(url)), stop: () => worker.terminate() };
}
