import * as tf from '@tensorflow/tfjs-core';
import { composite, type RunStock, type WasmBackend } from './composite.ts';
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
    return composite(backend, 'wasm', (runStock) => {
      const channelsLast = (tensor: tf.TensorInfo) =>
        format === 'channelsLast'
          ? tensor
          : runStock('Transpose', { x: tensor }, { perm: [0, 2, 3, 1] });
      return filterGradient(backend, info, channelsLast(x), channelsLast(dy), runStock);
    });
  },
};

/**
 * `dfilter [h*w*in, out] = patches^T [h*w*in, pixels] . dy [pixels, out]`, summed over groups of images. The
 * product of plain matrices is the one that the backend is fast at.
 */
function filterGradient(
  backend: WasmBackend,
  info: tf.backend_util.Conv2DInfo,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  runStock: RunStock,
): tf.TensorInfo {
  const { batchSize, outHeight, outWidth, outChannels, filterShape } = info;
  const pixels = outHeight * outWidth;
  const patch = info.filterHeight * info.filterWidth * info.inChannels;
  const group = Math.min(batchSize, Math.max(1, Math.floor(maxPatches / (pixels * patch))));
  const dyRows = runStock('Reshape', { x: dy }, { shape: [batchSize * pixels, outChannels] });
  let sum: tf.TensorInfo | undefined;
  for (let first = 0; first < batchSize; first += group) {
    const images = Math.min(group, batchSize - first);
    const size = [images * pixels, outChannels];
    const begin = [first * pixels, 0];
    const b = images === batchSize ? dyRows : runStock('Slice', { x: dyRows }, { begin, size });
    // Zeros stand for the padding.
    const shape = [patch, images * pixels];
    const a = runStock('Fill', {}, { shape, value: 0, dtype: 'float32' });
    layOutPatches(backend, info, x, a, first, images);
    const product = runStock('BatchMatMul', { a, b }, { transposeA: false, transposeB: false });
    sum = sum === undefined ? product : runStock('Add', { a: sum, b: product });
  }
  if (sum === undefined)
    return runStock('Fill', {}, { shape: filterShape, value: 0, dtype: 'float32' });
  return runStock('Reshape', { x: sum }, { shape: filterShape });
}

/** Writes the patch of x `[batch, height, width, in]` under each output pixel into a column of zeros. */
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
  const pixels = images * outHeight * outWidth;
  const step = strideWidth * inChannels;
  // A row of x stays in the cache while all that needs it is written, in runs along the row.
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < outHeight; row++) {
      const pixel = (image * outHeight + row) * outWidth;
      for (let tapRow = 0; tapRow < filterHeight; tapRow++) {
        const y = row * strideHeight - padInfo.top + tapRow;
        if (y < 0 || y >= inHeight) continue;
        const start = ((first + image) * inHeight + y) * inWidth;
        for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
          const left = tapColumn - padInfo.left;
          const firstColumn = Math.max(0, Math.ceil(-left / strideWidth));
          const columns =
            Math.min(outWidth, Math.ceil((inWidth - left) / strideWidth)) - firstColumn;
          const tap = (tapRow * filterWidth + tapColumn) * inChannels;
          for (let channel = 0; channel < inChannels; channel++) {
            let source = (start + left + firstColumn * strideWidth) * inChannels + channel;
            const target = (tap + channel) * pixels + pixel + firstColumn;
            for (let column = 0; column < columns; column++, source += step) {
              to[target + column] = from[source] ?? 0;
            }
          }
        }
      }
    }
  }
}

/** The gradient of a convolution's filter. Stock TensorFlow.js has it on every backend but wasm. */
export function registerWasmConv2DBackpropFilter(): void {
  addKernel(conv2DBackpropFilter);
}
