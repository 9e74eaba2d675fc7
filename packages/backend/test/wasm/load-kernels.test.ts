import { expect, it } from 'vitest';
import { kernelBinaries } from '../../src/kernels.generated.ts';
import type { WasmBackend } from '../../src/wasm/host.ts';
import { loadKernels } from '../../src/wasm/load-kernels.ts';

it('throws while the heap is full, frees nothing twice, and goes on', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
  const held = new Set<number>();
  let top = 32_768;
  let full = false;
  const backend = {
    wasm: {
      asm: { memory },
      _malloc(bytes: number) {
        if (full) return 0;
        top += bytes;
        held.add(top - bytes);
        return top - bytes;
      },
      _free(address: number) {
        if (!held.delete(address)) throw new Error(`${address} is not held`);
      },
    },
    dispose() {},
  } as unknown as WasmBackend;
  const kernels = loadKernels(backend, kernelBinaries);
  const [x, y] = [1024, 2048];
  new Float32Array(memory.buffer, x, 1).fill(3);
  // The product of the number at x with itself.
  const product = [y, x, x, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
  const run = (scratchBytes: number) => kernels.parallelFor('gemm', product, 1, 1, scratchBytes);
  run(64);
  full = true;
  for (let i = 0; i < 2; i++) expect(() => run(128)).toThrow('has no 128 bytes left');
  // Smaller than what was freed meanwhile.
  expect(() => run(32)).toThrow('has no 32 bytes left');
  full = false;
  run(128);
  expect(new Float32Array(memory.buffer, y, 1)[0]).toBe(9);
  expect(held.size).toBe(1);
});
