import * as tf from '@tensorflow/tfjs-core';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

interface Attrs {
  readonly pad: 'valid' | 'same' | number;
  readonly strides: number | readonly number[];
  readonly dilations?: number | readonly number[];
  readonly filterSize?: number | readonly number[];
  readonly filterShape?: readonly number[];
  readonly inputShape?: readonly number[];
}

/** Kernels of windows over volumes: their input, whose shape is an attribute where it has no name, and what they give. */
const kernels: Readonly<
  Record<string, readonly [input: string | undefined, gives: 'output' | 'input']>
> = {
  ...{ Conv3D: ['x', 'output'], MaxPool3D: ['x', 'output'], AvgPool3D: ['x', 'output'] },
  Conv3DBackpropFilterV2: ['x', 'output'],
  Conv3DBackpropInputV2: [undefined, 'input'],
  ...{ MaxPool3DGrad: ['input', 'input'], AvgPool3DGrad: ['input', 'input'] },
};

const triple = (value: number | readonly number[]): readonly number[] =>
  typeof value === 'number' ? [value, value, value] : value;

/** The part of a volume that windows reach, which is not all of it where they are smaller than their strides. */
function reached(shape: readonly number[], window: readonly number[], attrs: Attrs): number[] {
  const [strides, dilations] = [triple(attrs.strides), triple(attrs.dilations ?? 1)];
  return shape.map((size, axis) => {
    const [stride, width] = [strides[axis - 1], window[axis - 1]];
    if (axis > 3 || stride === undefined || width === undefined) return size;
    const reach = (width - 1) * (dilations[axis - 1] ?? 1) + 1;
    return Math.min(size, (Math.ceil(size / stride) - 1) * stride + reach);
  });
}

const ofReached = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const attrs = call.attrs as unknown as Attrs;
    const inputs = call.inputs as Record<string, tf.TensorInfo>;
    if (attrs.pad !== 'same') return stock.kernelFunc(call);
    const [name, gives] = kernels[stock.kernelName] as (typeof kernels)[string];
    const x = name === undefined ? undefined : inputs[name];
    const shape = x?.shape ?? attrs.inputShape ?? [];
    const window = attrs.filterShape ?? inputs['filter']?.shape ?? triple(attrs.filterSize ?? 1);
    const size = reached(shape, window, attrs);
    if (tf.util.arraysEqual(size, [...shape])) return stock.kernelFunc(call);
    return composite(call.backend as tf.KernelBackend, stock.backendName, (runStock) => {
      const begin = shape.map(() => 0);
      const part =
        x === undefined ? {} : { [name as string]: runStock('Slice', { x }, { begin, size }) };
      const y = runStock(
        stock.kernelName,
        { ...inputs, ...part },
        { ...(call.attrs as tf.NamedAttrMap), ...(x === undefined ? { inputShape: size } : {}) },
      );
      if (gives === 'output') return y;
      const paddings = shape.map((length, axis) => [0, length - (size[axis] ?? 0)]);
      return runStock(
        'PadV2',
        { x: y },
        { paddings: paddings as unknown as number[], constantValue: 0 },
      );
    });
  },
});

/**
 * Stock, the pads `same` of a volume are negative where a window is smaller than its stride, so that windows begin before the volume. There
 * is no pad then, and the last numbers go nowhere.
 */
export function registerSamePads3D(): void {
  for (const backendName of ['cpu', 'wasm', 'webgpu']) {
    for (const kernelName of Object.keys(kernels)) {
      wrapKernel(kernelName, backendName, ofReached, 'same pads');
    }
  }
  // TensorFlow has the others right.
  wrapKernel('MaxPool3D', 'tensorflow', ofReached, 'same pads');
}
