import type * as tf from '@tensorflow/tfjs-core';
import { memoryOf, type WasmBackend } from './host.ts';

/** What is used here of TensorFlow.js' wasm backend. */
interface StockBackend {
  readonly wasm: WasmBackend['wasm'] & { readonly tfjs?: { readonly getThreadsCount?: Count } };
}

/** How many threads the C++ of TensorFlow.js has; -1 where it knows of none. */
type Count = () => number;

/** Where the C++ of TensorFlow.js 4.22, in its build with threads, keeps the address of its pool of them; 0 is none. */
const address = 23_564;

/** Whether that is so, by Emscripten's module. */
const known = new WeakMap<object, boolean>();

/**
 * Runs `work` such that TensorFlow.js computes on this thread alone, where it has others: for small tensors, waiting for those takes
 * longer than all else, and a page's own thread spins meanwhile.
 */
export function withoutStockThreads<T>(backend: tf.KernelBackend, work: () => T): T {
  const { wasm } = backend as unknown as StockBackend;
  const count = wasm?.tfjs?.getThreadsCount;
  if (count === undefined) return work();
  const memory = memoryOf({ wasm });
  // The buffer is another one after each growth.
  const swap = (pool: number): number => {
    const word = new Uint32Array(memory.buffer, address, 1);
    const before = word[0] ?? 0;
    word[0] = pool;
    return before;
  };
  let keeps = known.get(wasm);
  if (keeps === undefined) {
    keeps = count() > 1 && endsAt(swap, count);
    known.set(wasm, keeps);
  }
  if (!keeps) return work();
  const pool = swap(0);
  try {
    return work();
  } finally {
    swap(pool);
  }
}

/** Whether no thread is known once there is none at the address. */
function endsAt(swap: (pool: number) => number, count: Count): boolean {
  const pool = swap(0);
  try {
    return count() === -1;
  } finally {
    swap(pool);
  }
}
