import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WasmBackend } from '../../src/wasm/host.ts';
import {
  hireThreads,
  type PoolModule,
  startThreadPool,
  type ThreadPool,
} from '../../src/wasm/thread-pool.ts';

/**
 * Stands in for kernels: `fill(value, from, to, scratch)` writes one of its arguments at 1024 + 4 i for each unit i, and traps
 * where value is 0.
 * (module (memory (import "env" "memory") 1 1 shared) (func (export "fill") (param i32 i32 i32 i32) ...))
 */
const filling = (argument: number) =>
  new Uint8Array([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...[1, 8, 1, 96, 4, 127, 127, 127, 127, 0],
    ...[2, 16, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2, 3, 1, 1],
    ...[3, 2, 1, 0],
    ...[7, 8, 1, 4, 102, 105, 108, 108, 0, 0],
    ...[10, 44, 1, 42, 0],
    // if value is 0: unreachable
    ...[32, 0, 69, 4, 64, 0, 11],
    // loop while from < to: store the argument, from += 1
    ...[2, 64, 3, 64, 32, 1, 32, 2, 78, 13, 1],
    ...[32, 1, 65, 2, 116, 32, argument, 54, 2, 128, 8],
    ...[32, 1, 65, 1, 106, 33, 1, 12, 0, 11, 11, 11],
  ]);

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
let top = 32_768;
let full = false;
const held = new Set<number>();
const backend = {
  wasm: {
    wasmMemory: memory,
    asm: {},
    _malloc(bytes: number) {
      if (full) return 0;
      top += 64 * Math.ceil(bytes / 64);
      const address = top - 64 * Math.ceil(bytes / 64);
      held.add(address);
      return address;
    },
    _free(address: number) {
      if (!held.delete(address)) throw new Error(`${address} is not held`);
    },
  },
} as unknown as WasmBackend;
let pool: ThreadPool;
let values: PoolModule;
let valuesToo: PoolModule;
let scratches: PoolModule;

beforeAll(async () => {
  pool = await startThreadPool(backend, hireThreads(3));
  const add = (argument: number) => {
    const binary = filling(argument);
    const module = new WebAssembly.Module(binary);
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return pool.add(binary, module, exports);
  };
  [values, valuesToo, scratches] = [add(0), add(0), add(3)];
});
afterAll(() => pool.stop());

it('does every unit of every turn, however turns of two modules follow each other', () => {
  const cells = new Int32Array(memory.buffer, 1024, 1001);
  for (let turn = 1; turn <= 500; turn++) {
    pool.parallelFor(
      turn % 3 === 0 ? valuesToo : values,
      'fill',
      [turn],
      1000,
      1 + (turn % 300),
      16,
    );
    if (!cells.subarray(0, 1000).every((cell) => cell === turn)) {
      throw new Error(`turn ${turn} left ${cells.findIndex((cell) => cell !== turn)}`);
    }
  }
  expect(cells[1000]).toBe(0);
});

it('shares the units among all threads, each with memory of its own', () => {
  const cells = new Int32Array(memory.buffer, 1024, 1000);
  const seen = new Set<number>();
  // A thread that the system lets wait may come too late for a turn, but not for every one.
  for (let turn = 0; turn < 10_000 && seen.size < 3; turn++) {
    pool.parallelFor(scratches, 'fill', [1], 1000, 1, 16);
    for (const cell of cells) seen.add(cell);
  }
  expect(seen.size).toBe(3);
});

it('throws when a kernel fails, and goes on', () => {
  for (let i = 0; i < 20; i++) {
    expect(() => pool.parallelFor(values, 'fill', [0], 100, 1, 16)).toThrow();
  }
  pool.parallelFor(values, 'fill', [7], 100, 1, 16);
  expect([...new Int32Array(memory.buffer, 1024, 100)]).toEqual(new Array(100).fill(7));
});

it('throws while the heap is full, frees nothing twice, and goes on', () => {
  const run = (bytes: number) => pool.parallelFor(values, 'fill', [9], 100, 1, bytes);
  run(64);
  full = true;
  // The second time, what the first one freed must not be freed again, and must not be taken for memory.
  for (let i = 0; i < 2; i++) expect(() => run(128)).toThrow('has no 384 bytes left');
  expect(() => run(64)).toThrow('has no 192 bytes left');
  full = false;
  run(128);
  expect([...new Int32Array(memory.buffer, 1024, 100)]).toEqual(new Array(100).fill(9));
  // The block that the threads share, the three modules, and the scratch.
  expect(held.size).toBe(5);
});
