import { patience } from '../patience.ts';
import { isNode } from '../platform.ts';
import { allocate, makeScratch, memoryOf, type WasmBackend } from './host.ts';
import { workerSource } from './worker-source.ts';

// The block that all threads share: int32 counters, then float64 numbers. workerSource has the same numbers.
const STATE_INTS = 8;
/** Counts up with each turn; threads sleep on it. */
const TURN = 0;
/** Threads that may be reading what the turn is about. */
const BUSY = 1;
/** The turn whose work may be taken, or 0. */
const OPEN = 2;
const FUNCTION = 3;
const VALUES = 4;
/** The first unit of work that nobody has taken. */
const NEXT = 5;
const FAILED = 6;
const MODULE = 7;
/** From the start: scratch memory, its bytes per thread, the values. At the end: */
const NUMBERS = 32;
const BINARY = 28;
const BINARY_BYTES = 29;
const GRAIN = 30;
const UNITS = 31;
/** Milliseconds without a word of any thread after which the others are not waited for. */
const SILENCE = 1200;
/** Loads of a counter before a thread goes to sleep: some 20 microseconds. */
const SPINS = 2000;

/** A module as the threads of a pool know it: each compiles it when it first has work of it. */
export interface PoolModule {
  readonly id: number;
  /** Where its binary lies in the shared memory. */
  readonly address: number;
  readonly bytes: number;
  readonly names: readonly string[];
  readonly exports: WebAssembly.Exports;
}

/** Further threads that run the functions of modules on a backend's shared memory. */
export interface ThreadPool {
  /** The number of threads, the calling one included. */
  readonly threads: number;
  /** Makes a module known, with what this thread made of it. */
  add(binary: Uint8Array, module: WebAssembly.Module, exports: WebAssembly.Exports): PoolModule;
  /**
   * Calls `name` of a module with (...values, from, to, scratch) until all units of work are done, on this thread and on those that come
   * in time: each takes its part of what is left, at least `grain` units, so that one that the system lets wait holds
   * up nobody. Each thread has `scratchBytes` of memory of its own.
   */
  parallelFor(
    module: PoolModule,
    name: string,
    values: readonly number[],
    units: number,
    grain: number,
    scratchBytes: number,
  ): void;
  stop(): void;
}

interface Thread {
  /** Settles once it waits for work. */
  readonly ready: Promise<void>;
  /** Tells it where the work will be. */
  post(data: object): void;
  stop(): void;
}

/** Workers that start, and do not know yet on what memory they will work. */
export interface ThreadCrew {
  readonly workers: readonly Thread[];
  stop(): void;
}

/**
 * Begins to start `threads - 1` workers.
 *
 * @throws what the host says where it lets no worker start.
 */
export function hireThreads(threads: number): ThreadCrew {
  const workers: Thread[] = [];
  const stop = (): void => {
    for (const worker of workers) worker.stop();
  };
  try {
    while (workers.length < threads - 1) workers.push(startWorker());
  } catch (error) {
    stop();
    throw error;
  }
  return { workers, stop };
}

/**
 * Gives the workers the memory of a backend, and waits for them.
 *
 * @throws what the host says where it lets one of them not start; all are gone then.
 */
export async function startThreadPool(
  backend: WasmBackend,
  { workers, stop }: ThreadCrew,
): Promise<ThreadPool> {
  const threads = workers.length + 1;
  const memory = memoryOf(backend);
  const block = allocate(backend, 4 * STATE_INTS + 8 * NUMBERS);
  const state = new Int32Array(memory.buffer, block, STATE_INTS).fill(0);
  const numbers = new Float64Array(memory.buffer, block + 4 * STATE_INTS, NUMBERS);
  const wait = patience(SILENCE, new Error(`no thread answered for ${SILENCE / 1000} s`));
  try {
    for (const [at, worker] of workers.entries()) {
      worker.post({ memory, block, index: at + 1, threads });
    }
    wait.heard();
    const ready = Promise.all(workers.map((worker) => worker.ready.then(wait.heard)));
    await Promise.race([ready, wait.end]);
  } catch (error) {
    stop();
    // A thread that starts all the same would read it: not given back.
    throw error;
  } finally {
    wait.stop();
  }
  const scratch = makeScratch(backend);
  let modules = 0;

  function add(
    binary: Uint8Array,
    module: WebAssembly.Module,
    exports: WebAssembly.Exports,
  ): PoolModule {
    // A thread that sleeps for work hears no message, but it can read.
    const address = allocate(backend, binary.length);
    new Uint8Array(memory.buffer).set(binary, address);
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    return { id: modules++, address, bytes: binary.length, names, exports };
  }

  /** Takes units of the open turn until none are left. */
  function work(
    call: (...values: number[]) => void,
    values: readonly number[],
    units: number,
    grain: number,
    own: number,
  ): void {
    for (;;) {
      const from = Atomics.load(state, NEXT);
      const left = units - from;
      if (left <= 0) return;
      const to = from + Math.min(left, Math.max(grain, Math.ceil(left / threads)));
      if (Atomics.compareExchange(state, NEXT, from, to) === from) call(...values, from, to, own);
    }
  }

  function parallelFor(
    { id, address, bytes, names, exports }: PoolModule,
    name: string,
    values: readonly number[],
    units: number,
    grain: number,
    scratchBytes: number,
  ): void {
    const own = scratch(scratchBytes * threads);
    numbers.set([own, scratchBytes, ...values]);
    numbers[BINARY] = address;
    numbers[BINARY_BYTES] = bytes;
    numbers[GRAIN] = grain;
    numbers[UNITS] = units;
    state[MODULE] = id;
    state[FUNCTION] = names.indexOf(name);
    state[VALUES] = values.length;
    state[NEXT] = 0;
    state[FAILED] = 0;
    // Open before anyone can wake: who reads a turn that is not open leaves it to the others.
    const turn = Atomics.load(state, TURN) + 1;
    Atomics.store(state, OPEN, turn);
    Atomics.store(state, TURN, turn);
    Atomics.notify(state, TURN);
    try {
      work(exports[name] as (...values: number[]) => void, values, units, grain, own);
    } finally {
      Atomics.store(state, OPEN, 0);
      waitForOthers(state);
    }
    if (state[FAILED] !== 0) throw new Error(`the kernel ${name} failed in a thread`);
  }

  return { threads, add, parallelFor, stop };
}

/** Spins, then sleeps where the host lets this thread sleep: a page's own thread must not. */
function waitForOthers(state: Int32Array<ArrayBufferLike>): void {
  const maySleep = typeof window === 'undefined';
  for (let spins = 0; ; spins++) {
    const busy = Atomics.load(state, BUSY);
    if (busy === 0) return;
    if (maySleep && spins > SPINS) Atomics.wait(state, BUSY, busy);
  }
}

function startWorker(): Thread {
  const thread = isNode ? startInNode() : startInBrowser();
  // It may fail before anybody waits for it.
  thread.ready.catch(() => undefined);
  return thread;
}

function startInNode(): Thread {
  // Not an import: bundles for browsers must hold no module of Node.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  // Flags of this process, as --input-type=module, are not for it.
  const worker = new Worker(workerSource, { eval: true, execArgv: [] });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  // While it starts it keeps the process; afterwards it must not.
  return {
    ready: ready.finally(() => worker.unref()),
    post: (data) => worker.postMessage(data),
    stop: () => void worker.terminate(),
  };
}

function startInBrowser(): Thread {
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) =>
      reject(new Error(event.message || 'the browser started no worker from a blob: address'));
  });
  return {
    ready: ready.finally(() => URL.revokeObjectURL(url)),
    post: (data) => worker.postMessage(data),
    stop: () => worker.terminate(),
  };
}
