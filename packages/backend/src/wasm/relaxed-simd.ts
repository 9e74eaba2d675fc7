import { isNode } from '../platform.ts';

/** A function that does nothing but `f32x4.relaxed_madd`. */
const probe = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0],
  ...[65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11],
]);

/** True where WebAssembly has fused multiply-add. Turns it on in Node 20, which has it behind a flag. */
export function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(probe)) return true;
  if (!isNode) return false;
  // Not an import: bundles for browsers must hold no module of Node.
  process.getBuiltinModule('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(probe);
}
