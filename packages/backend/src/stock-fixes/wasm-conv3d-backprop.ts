import * as tf from '@tensorflow/tfjs-core';
import { composite, type RunStock, type WasmBackend } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** Patches are laid out for as many planes at a time as fit into this many numbers (64 MiB). */
const maxPatches = 2 ** 24;

type Shape5D = [number, number, number, number, number];
type Info = tf.backend_util.Conv3DInfo;

function infoOf(
  input: readonly number[],
  filter: readonly number[],
  { strides, pad }: Pick<tf.Conv3DBackpropInputV2Attrs, 'strides' | 'pad'>,
): Info {
  return tf.backend_util.computeConv3DInfo(input as Shape5D, filter as Shape5D, strides, 1, pad);
}

/** Numbers of a patch: what one output sees of a volume. */
const patchOf = ({ filterDepth, filterHeight, filterWidth, inChannels }: Info): number =>
  filterDepth * filterHeight * filterWidth * inChannels;

/** Calls back with groups of planes of outputs, a plane being all rows and columns at one depth of one volume. */
function forEachGroup(info: Info, visit: (first: number, planes: number) => void): void {
  const all = info.batchSize * info.outDepth;
  const numbers = info.outHeight * info.outWidth * patchOf(info);
  const group = Math.max(1, Math.floor(maxPatches / numbers));
  for (let first = 0; first < all; first += group) visit(first, Math.min(group, all - first));
}

/** Calls back with each run of numbers that lie beside each other both in a patch and in the volume, padding left out. */
function forEachRun(
  info: Info,
  first: number,
  planes: number,
  visit: (inPatches: number, inVolume: number, length: number) => void,
): void {
  const { inDepth, inHeight, inWidth, inChannels, outDepth, outHeight, outWidth, padInfo } = info;
  const { filterDepth, filterHeight, filterWidth, strideDepth, strideHeight, strideWidth } = info;
  let patch = 0;
  for (let plane = first; plane < first + planes; plane++) {
    const volume = Math.floor(plane / outDepth);
    const z0 = (plane % outDepth) * strideDepth - padInfo.front;
    for (let row = 0; row < outHeight; row++) {
      const y0 = row * strideHeight - padInfo.top;
      for (let column = 0; column < outWidth; column++) {
        const x0 = column * strideWidth - padInfo.left;
        const [from, to] = [Math.max(0, -x0), Math.min(filterWidth, inWidth - x0)];
        for (let tap = 0; tap < filterDepth * filterHeight; tap++, patch += filterWidth) {
          const z = z0 + Math.floor(tap / filterHeight);
          const y = y0 + (tap % filterHeight);
          if (z < 0 || z >= inDepth || y < 0 || y >= inHeight || to <= from) continue;
          const line = ((volume * inDepth + z) * inHeight + y) * inWidth + x0;
          visit((patch + from) * inChannels, (line + from) * inChannels, (to - from) * inChannels);
        }
      }
    }
  }
}

/** The rows of dy `[pixels, out]` of a group of planes. */
function rowsOf(runStock: RunStock, info: Info, dy: tf.TensorInfo, first: number, planes: number) {
  const { outHeight, outWidth, outChannels } = info;
  const pixels = outHeight * outWidth;
  const shape = [info.batchSize * info.outDepth * pixels, outChannels];
  const x = runStock('Reshape', { x: dy }, { shape });
  const size = [planes * pixels, outChannels];
  return runStock('Slice', { x }, { begin: [first * pixels, 0], size });
}

/** `dfilter = patches^T . dy`, summed over groups of planes. */
function backpropFilter({ inputs, attrs, backend }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const wasm = backend as WasmBackend;
  const { x, dy } = inputs as Record<'x' | 'dy', tf.TensorInfo>;
  const { filterShape, ...others } = attrs as unknown as tf.Conv3DBackpropFilterV2Attrs;
  const info = infoOf(x.shape, filterShape, others);
  return composite(wasm, 'wasm', (runStock) => {
    const zero = { value: 0, dtype: 'float32' } as const;
    let sum = runStock('Fill', {}, { shape: [patchOf(info), info.outChannels], ...zero });
    forEachGroup(info, (first, planes) => {
      const b = rowsOf(runStock, info, dy, first, planes);
      const a = runStock('Fill', {}, { shape: [b.shape[0] ?? 0, patchOf(info)], ...zero });
      const [from, to] = [wasm.typedArrayFromHeap(x), wasm.typedArrayFromHeap(a)];
      forEachRun(info, first, planes, (inPatches, inVolume, length) => {
        for (let i = 0; i < length; i++) to[inPatches + i] = from[inVolume + i] as number;
      });
      const product = runStock('BatchMatMul', { a, b }, { transposeA: true, transposeB: false });
      sum = runStock('Add', { a: sum, b: product });
    });
    return runStock('Reshape', { x: sum }, { shape: filterShape });
  });
}

/** Each row of `dy . filter^T` is added to the patch of the volume that its output saw. */
function backpropInput({ inputs, attrs, backend }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const wasm = backend as WasmBackend;
  const { dy, filter } = inputs as Record<'dy' | 'filter', tf.TensorInfo>;
  const { inputShape, ...others } = attrs as unknown as tf.Conv3DBackpropInputV2Attrs;
  const info = infoOf(inputShape, filter.shape, others);
  return composite(wasm, 'wasm', (runStock) => {
    const dx = runStock('Fill', {}, { shape: inputShape, value: 0, dtype: 'float32' });
    const shape = [patchOf(info), info.outChannels];
    const b = runStock('Reshape', { x: filter }, { shape });
    forEachGroup(info, (first, planes) => {
      const a = rowsOf(runStock, info, dy, first, planes);
      const patches = runStock('BatchMatMul', { a, b }, { transposeA: false, transposeB: true });
      const [from, to] = [wasm.typedArrayFromHeap(patches), wasm.typedArrayFromHeap(dx)];
      forEachRun(info, first, planes, (inPatches, inVolume, length) => {
        for (let i = 0; i < length; i++) {
          to[inVolume + i] = (to[inVolume + i] as number) + (from[inPatches + i] as number);
        }
      });
    });
    return dx;
  });
}

/** Stock, the gradients of a convolution of volumes, and with them `conv3dTranspose`, read other numbers than they should. */
export function registerWasmConv3DBackprop(): void {
  for (const [name, kernelFunc] of [
    ['Conv3DBackpropFilterV2', backpropFilter],
    ['Conv3DBackpropInputV2', backpropInput],
  ] as const) {
    wrapKernel(name, 'wasm', (stock) => ({ ...stock, kernelFunc }));
  }
}
