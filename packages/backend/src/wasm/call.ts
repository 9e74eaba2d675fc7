import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import { checkHeap } from './checked-heap.ts';
import { addressOf, type WasmBackend } from './host.ts';
import type { KernelBinaries } from './kernel-binaries.ts';
import { loadKernels } from './load-kernels.ts';

/** So many numbers, some 50 microseconds of work, are worth waking another thread for. */
const worthAThread = 65_536;

/** What a backend kernel for wasm needs. */
export interface WasmCall<Exports> {
  /**
   * Runs a compiled function on all threads.
   *
   * @param values its arguments but the last, from which up to which unit of work, and memory for it alone if it takes any.
   * @param units of work. @param size numbers that it goes through. @param scratchBytes of that memory; none by default.
   */
  readonly parallelFor: (
    name: keyof Exports & string,
    values: readonly number[],
    units: number,
    size: number,
    scratchBytes?: number,
  ) => void;
  /** The compiled functions, for those that answer at once. */
  readonly exports: Exports;
  /** Where a tensor's numbers start; right as long as the tensor lives. */
  readonly at: (tensor: TensorInfo) => number;
  /** A tensor, of float32 unless another is named, whose numbers are yet to be written. */
  readonly output: (shape: readonly number[], dtype?: 'float32' | 'int32') => TensorInfo;
}

/**
 * Kernels on the memory of the wasm backend; they are compiled at the first call.
 *
 * @param backend which must be the wasm backend. @param binaries what `neverend-backend build-wasm` made.
 */
export function wasmCall<Exports>(
  backend: KernelBackend,
  binaries: KernelBinaries<Exports>,
): WasmCall<Exports> {
  checkHeap(backend);
  const wasm = backend as unknown as WasmBackend;
  const loaded = loadKernels(wasm, binaries);
  return {
    parallelFor: (name, values, units, size, scratchBytes = 0) =>
      loaded.parallelFor(
        name,
        values,
        units,
        Math.ceil((worthAThread * units) / size),
        scratchBytes,
      ),
    exports: loaded.exports,
    at: (tensor) => addressOf(wasm, tensor),
    output: (shape, dtype = 'float32') => wasm.makeOutput(shape, dtype),
  };
}

/** The number of groups of four columns, the last of which may be narrower. */
export const groups = (width: number): number => Math.ceil(width / 4);

/**
 * Blocks of rows, so many numbers each as are worth a thread, whose sums by column are made one by one and then added. They depend on the
 * shape alone, so that the sums do not depend on the number of threads; and a long column loses fewer digits.
 */
export function blocksOf(
  rows: number,
  width: number,
): { readonly height: number; readonly blocks: number } {
  const height = Math.min(64, Math.max(8, Math.floor(worthAThread / width)));
  return { height, blocks: Math.ceil(rows / height) };
}
