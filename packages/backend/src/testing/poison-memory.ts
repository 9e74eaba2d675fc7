import * as tf from '@tensorflow/tfjs-core';

/** The part of TensorFlow.js' WebGPU buffer pool that hands out buffers. */
interface BufferPool {
  acquireBuffer(size: number, usage: number, mapped?: boolean, reuse?: boolean): GPUBuffer;
}

/** The part of TensorFlow.js' WebAssembly module that hands out memory. */
interface WasmHeap {
  _malloc(bytes: number): number;
  readonly HEAPF32: Float32Array;
}

const poisoned = new WeakSet<object>();

/**
 * From now on memory that the current backend hands to its kernels starts as NaN, so that a kernel that
 * leaves a part of its output unwritten shows it; recycled memory would hold what happened to be there.
 * The cpu backend's memory is JavaScript's and always starts as zeros; there it does nothing.
 */
export function poisonMemory(): void {
  const name = tf.getBackend();
  if (name === 'webgpu') poisonWebgpu(tf.backend());
  else if (name === 'wasm') poisonWasm((tf.backend() as unknown as { wasm: WasmHeap }).wasm);
  else if (name === 'tensorflow') poisonTensorflow();
}

function poisonWebgpu(backend: object): void {
  const { device, bufferManager: pool } = backend as {
    device: GPUDevice;
    bufferManager: BufferPool;
  };
  if (poisoned.has(pool)) return;
  poisoned.add(pool);
  const acquire = pool.acquireBuffer.bind(pool);
  pool.acquireBuffer = (size, usage, mapped = false, reuse = true) => {
    const buffer = acquire(size, usage, mapped, reuse);
    const writable = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    if (!mapped && (usage & writable) === writable) {
      // The pool takes a buffer back only after the commands that use it were submitted.
      device.queue.writeBuffer(buffer, 0, new Float32Array(size / 4).fill(Number.NaN));
    }
    return buffer;
  };
}

function poisonWasm(wasm: WasmHeap): void {
  if (poisoned.has(wasm)) return;
  poisoned.add(wasm);
  const allocate = wasm._malloc.bind(wasm);
  wasm._malloc = (bytes) => {
    const start = allocate(bytes);
    // Growth replaces the views of the heap; above 2 GiB the address comes back negative.
    if (start !== 0) wasm.HEAPF32.fill(Number.NaN, start >>> 2, (start >>> 2) + (bytes >>> 2));
    return start;
  };
}

/** libtensorflow's allocator cannot be hooked; freed blocks of many sizes are what it hands out next. */
function poisonTensorflow(): void {
  const sizes = Array.from({ length: 21 }, (_, power) => [2 ** power, 3 * 2 ** power]).flat();
  tf.dispose(sizes.map((size) => tf.fill([size], Number.NaN)));
}
