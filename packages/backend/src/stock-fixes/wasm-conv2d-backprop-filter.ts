import * as tf from '@tensorflow/tfjs-core';
import { composite, type Run, type WasmBackend } from './composite.ts';
import { addKernel } from './registry.ts';

/** Patches are laid out for as many images at a time as fit into this many numbers (64 MiB). */
const maxPatches = 2 ** 24;

const conv2DBackpropFilter: tf.KernelConfig = {
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend: anyBackend }) => {
    const backend = anyBackend as WasmBackend;
    const { x, dy } = inputs as Record<'x' | 'dy', tf.TensorInfo>;
    const { strides, pad, dataFormat, dimRoundingMode, filterShape } =
      attrs as unknown as tf.Conv2DBackpropFilterAttrs;
    const format = tf.backend_util.convertConv2DDataFormat(dataFormat);
    const info = tf.backend_util.computeConv2DInfo(
      x.shape as [number, number, number, number],
      filterShape,
      strides,
      1,
      pad,
      dimRoundingMode,
      false,
      format,
    );
    return composite(backend, 'wasm', (run) => {
      const channelsLast = (tensor: tf.TensorInfo) =>
        format === 'channelsLast'
          ? tensor
          : run('Transpose', { x: tensor }, { perm: [0, 2, 3, 1] });
      return filterGradient(backend, info, channelsLast(x), channelsLast(dy), run);
    });
  },
};

/**
 * `dfilter^T [out, h*w*in] = dy^T [out, pixels] . patches [pixels, h*w*in]`, summed over groups of images.
 * The product of plain matrices is the one that the backend is fast at.
 */
function filterGradient(
  backend: WasmBackend,
  info: tf.backend_util.Conv2DInfo,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  run: Run,
): tf.TensorInfo {
  const { batchSize, outHeight, outWidth, outChannels, filterShape } = info;
  const pixels = outHeight * outWidth;
  const patch = info.filterHeight * info.filterWidth * info.inChannels;
  const group = Math.min(batchSize, Math.max(1, Math.floor(maxPatches / (pixels * patch))));
  const dyRows = run('Reshape', { x: dy }, { shape: [batchSize * pixels, outChannels] });
  let sum: tf.TensorInfo | undefined;
  for (let first = 0; first < batchSize; first += group) {
    const images = Math.min(group, batchSize - first);
    const rows = images * pixels;
    const begin = [first * pixels, 0];
    const own =
      images === batchSize
        ? dyRows
        : run('Slice', { x: dyRows }, { begin, size: [rows, outChannels] });
    const a = run('Transpose', { x: own }, { perm: [1, 0] });
    // Zeros, for the padding.
    const b = run('Fill', {}, { shape: [rows, patch], value: 0, dtype: 'float32' });
    layOutPatches(backend, info, x, b, first, images);
    const product = run('BatchMatMul', { a, b }, { transposeA: false, transposeB: false });
    sum = sum === undefined ? product : run('Add', { a: sum, b: product });
  }
  if (sum === undefined) return run('Fill', {}, { shape: filterShape, value: 0, dtype: 'float32' });
  const filter = run('Transpose', { x: sum }, { perm: [1, 0] });
  return run('Reshape', { x: filter }, { shape: filterShape });
}

/** Writes the patch of x `[batch, height, width, in]` under each output pixel into a row of zeros. */
function layOutPatches(
  backend: WasmBackend,
  info: tf.backend_util.Conv2DInfo,
  x: tf.TensorInfo,
  patches: tf.TensorInfo,
  first: number,
  images: number,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(patches);
  const width = filterWidth * inChannels;
  let place = 0;
  for (let image = first; image < first + images; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        const left = column * strideWidth - padInfo.left;
        const start = Math.max(0, -left) * inChannels;
        const end = Math.max(start, Math.min(filterWidth, inWidth - left) * inChannels);
        for (let tap = 0; tap < filterHeight; tap++) {
          const y = row * strideHeight - padInfo.top + tap;
          if (y >= 0 && y < inHeight) {
            const source = ((image * inHeight + y) * inWidth + left) * inChannels;
            for (let j = start; j < end; j++) to[place + j] = from[source + j] ?? 0;
          }
          place += width;
        }
      }
    }
  }
}

/** The gradient of a convolution's filter. Stock TensorFlow.js has it on every backend but wasm. */
export function registerWasmConv2DBackpropFilter(): void {
  addKernel(conv2DBackpropFilter);
}
