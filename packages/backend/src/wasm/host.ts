import type * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';

/** What the kernels use of TensorFlow.js' wasm backend. */
export interface WasmBackend {
  readonly wasm: {
    _malloc(bytes: number): number;
    _free(address: number): void;
    /** Its memory, where threads share it. */
    readonly wasmMemory?: WebAssembly.Memory;
    readonly asm: { readonly memory?: WebAssembly.Memory };
  };
  readonly dataIdMap: { get(dataId: tf.DataId): { readonly memoryOffset: number } | undefined };
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  disposeData(dataId: tf.DataId): boolean;
  dispose(): void;
}

/** The memory that the backend's tensors lie in. Its `buffer` is another one after each growth. */
export function memoryOf({
  wasm,
}: {
  wasm: Pick<WasmBackend['wasm'], 'wasmMemory' | 'asm'>;
}): WebAssembly.Memory {
  const memory = wasm.wasmMemory ?? wasm.asm.memory;
  if (memory === undefined) throw new Error('this build of the wasm backend hides its memory');
  return memory;
}

/** Where a tensor's numbers start, in bytes. */
export function addressOf(backend: WasmBackend, { dataId }: tf.TensorInfo): number {
  const data = backend.dataIdMap.get(dataId);
  if (data === undefined) throw new Error('the tensor is not on the wasm backend, or is disposed');
  return data.memoryOffset >>> 0;
}

/**
 * Takes memory from the backend's heap; `wasm._free` gives it back.
 *
 * @throws BackendError when the heap is full.
 */
export function allocate({ wasm }: WasmBackend, bytes: number): number {
  const address = wasm._malloc(bytes) >>> 0;
  // A heap that `checkHeap` was told of has thrown by itself.
  if (address === 0) throw new BackendError(`the wasm backend has no ${bytes} bytes left`);
  return address;
}

/**
 * Memory that is kept from call to call, and is another one once a call needs more; 0 bytes need none. What it
 * holds is undefined. Where the heap is full it throws, and what there was is given back.
 */
export function makeScratch(backend: WasmBackend): (bytes: number) => number {
  let address = 0;
  let size = 0;
  return (bytes) => {
    if (size >= bytes) return address;
    const before = address;
    // The heap may throw below, and must not be given the same memory twice.
    [address, size] = [0, 0];
    if (before !== 0) backend.wasm._free(before);
    address = allocate(backend, bytes);
    size = bytes;
    return address;
  };
}
