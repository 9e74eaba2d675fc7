import * as tf from '@tensorflow/tfjs-core';
import { composite, type RunStock } from './composite.ts';
import { wrapKernel } from './registry.ts';

interface Call {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: tf.NamedAttrMap;
}

/** What a kernel makes of inputs that give it no numbers; of others it is never asked. */
type Work = (runStock: RunStock, call: Call, kernelName: string) => tf.TensorInfo;

const isEmpty = ({ shape }: Pick<tf.TensorInfo, 'shape'>): boolean => shape.includes(0);

/** Of no numbers; the largest and the smallest by dtype. */
const neutral = {
  ...{ Sum: 0, Prod: 1, Mean: Number.NaN, All: 1, Any: 0 },
  Max: { float32: Number.NEGATIVE_INFINITY, int32: -(2 ** 31), bool: 0 },
  Min: { float32: Number.POSITIVE_INFINITY, int32: 2 ** 31 - 1, bool: 1 },
};

/** The shape of what a reduction gives. */
function shapeOf({ inputs: { x }, attrs }: Call): number[] {
  const { reductionIndices, axis, keepDims } = attrs as unknown as tf.MaxAttrs & tf.SumAttrs;
  const { shape } = x as tf.TensorInfo;
  const axes = tf.util.parseAxisParam(reductionIndices ?? axis, [...shape]);
  const [rest] = tf.backend_util.computeOutAndReduceShapes([...shape], axes);
  return keepDims ? tf.backend_util.expandShapeToKeepDim(rest, axes) : rest;
}

const reduction: Work = (runStock, call, kernelName) => {
  const given = call.inputs['x']?.dtype as 'float32' | 'int32' | 'bool';
  const dtype = kernelName === 'Mean' ? 'float32' : given;
  const of = neutral[kernelName as keyof typeof neutral];
  const value = typeof of === 'number' ? of : of[dtype];
  return runStock('Fill', {}, { shape: shapeOf(call), value, dtype });
};

const place: Work = (runStock, call, kernelName) => {
  const shape = shapeOf(call);
  if (!shape.includes(0)) {
    const { axis } = call.attrs as unknown as tf.ArgMaxAttrs;
    throw new Error(
      `x of ${kernelName.replace('A', 'a')} must have a number along axis ${axis}, and was of shape [${call.inputs['x']?.shape}]`,
    );
  }
  return runStock('Fill', {}, { shape, value: 0, dtype: 'int32' });
};

/** No images out of no images, of the shape that one image would give. */
const ofImages: Work = (runStock, { inputs, attrs }, kernelName) => {
  const { shape, dtype } = inputs['x'] as tf.TensorInfo;
  const x = runStock('Fill', {}, { shape: [1, ...shape.slice(1)], value: 0, dtype });
  const y = runStock(kernelName, { ...inputs, x }, attrs);
  return runStock('Fill', {}, { shape: [0, ...y.shape.slice(1)], value: 0, dtype });
};

const itself: Work = (runStock, { inputs }) =>
  runStock('Identity', { x: inputs['logits'] as tf.TensorInfo });

const segments: Work = (runStock, { inputs, attrs }) => {
  const { shape, dtype } = inputs['x'] as tf.TensorInfo;
  const { numSegments } = attrs as unknown as tf.UnsortedSegmentSumAttrs;
  const rank = inputs['segmentIds']?.shape.length ?? 1;
  return runStock('Fill', {}, { shape: [numSegments, ...shape.slice(rank)], value: 0, dtype });
};

const everywhere = ['cpu', 'wasm', 'webgpu', 'tensorflow'];

const mends: readonly (readonly [names: readonly string[], on: readonly string[], Work])[] = [
  [Object.keys(neutral), everywhere, reduction],
  [['ArgMax', 'ArgMin'], everywhere, place],
  [['Softmax'], ['webgpu'], itself],
  [['UnsortedSegmentSum'], ['webgpu'], segments],
  [['Conv2D', 'FusedConv2D'], ['webgpu', 'tensorflow'], ofImages],
  [['DepthwiseConv2dNative', 'FusedDepthwiseConv2D', 'Conv3D'], ['tensorflow'], ofImages],
];

const ofNone =
  (work: Work) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const given = call as unknown as Call;
      const x = (given.inputs['x'] ?? given.inputs['logits']) as tf.TensorInfo;
      // The numbers of one image are another matter.
      if (!isEmpty(x) || (work === ofImages && x.shape[0] !== 0)) return stock.kernelFunc(call);
      return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) =>
        work(runStock, given, stock.kernelName),
      );
    },
  });

/** Of no rows, or none of each row: wasm's C++ ends at either. */
const wasmTopK = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x } = call.inputs as { x: tf.TensorInfo };
    const { k } = call.attrs as unknown as tf.TopKAttrs;
    const shape = [...x.shape.slice(0, -1), k];
    if (!shape.includes(0)) return stock.kernelFunc(call);
    return [x.dtype, 'int32'].map((dtype) =>
      composite(call.backend as tf.KernelBackend, 'wasm', (runStock) =>
        runStock('Fill', {}, { shape, value: 0, dtype }),
      ),
    );
  },
});

/**
 * Stock, wasm gives reductions of no numbers what the memory held before, cpu has 0 for their mean, false for `all` and NaN for `max`,
 * and webgpu throws; a convolution of no images throws on webgpu and has its input's channels on tensorflow.
 */
export function registerNoNumbers(): void {
  for (const [names, backends, work] of mends) {
    for (const name of names) {
      for (const backend of backends) wrapKernel(name, backend, ofNone(work), 'no numbers');
    }
  }
  wrapKernel('TopK', 'wasm', wasmTopK, 'no numbers');
}
