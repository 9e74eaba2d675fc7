import { memoryOf, type WasmBackend } from './host.ts';
import type { KernelBinaries } from './kernel-binaries.ts';
import { hasRelaxedSimd } from './relaxed-simd.ts';

const instances = new WeakMap<WasmBackend, Map<object, WebAssembly.Exports>>();

/**
 * The functions of compiled kernels, on the memory of this backend: they take the addresses of its tensors, and nothing is
 * copied. Compiled once per backend.
 */
export function loadKernels<Exports>(
  backend: WasmBackend,
  binaries: KernelBinaries<Exports>,
): Exports {
  let known = instances.get(backend);
  if (known === undefined) {
    known = new Map();
    instances.set(backend, known);
  }
  let exports = known.get(binaries);
  if (exports === undefined) {
    const memory = memoryOf(backend);
    const module = new WebAssembly.Module(decode(chooseBinary(memory, binaries)));
    exports = new WebAssembly.Instance(module, { env: { memory } }).exports;
    known.set(binaries, exports);
  }
  return exports as Exports;
}

function chooseBinary(memory: WebAssembly.Memory, binaries: KernelBinaries<unknown>): string {
  // Not instanceof: where a page may not share memory, the name SharedArrayBuffer does not exist.
  const shared = Object.prototype.toString.call(memory.buffer) === '[object SharedArrayBuffer]';
  if (hasRelaxedSimd()) return shared ? binaries.sharedRelaxed : binaries.relaxed;
  return shared ? binaries.sharedPlain : binaries.plain;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
