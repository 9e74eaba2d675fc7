import type * as tf from '@tensorflow/tfjs-core';
import { wrapKernel } from './registry.ts';

type Call = Parameters<tf.KernelFunc>[0];
type Pads = readonly (readonly number[])[];

interface Attrs {
  readonly pad: 'valid' | 'same' | number | Pads;
  readonly strides: number | readonly number[];
  readonly dilations?: number | readonly number[];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: string;
  readonly filterSize?: number | readonly number[];
  readonly filterShape?: readonly number[];
  readonly inputShape?: readonly number[];
}

/** Kernels of windows over images, and their input, whose shape is an attribute where it has no name. */
const kernels: Readonly<Record<string, string | undefined>> = {
  ...{ Conv2D: 'x', FusedConv2D: 'x', Conv2DBackpropFilter: 'x', Conv2DBackpropInput: undefined },
  ...{ DepthwiseConv2dNative: 'x', FusedDepthwiseConv2D: 'x' },
  ...{ DepthwiseConv2dNativeBackpropFilter: 'x', DepthwiseConv2dNativeBackpropInput: undefined },
  ...{ MaxPool: 'x', AvgPool: 'x', MaxPoolWithArgmax: 'x' },
  ...{ MaxPoolGrad: 'input', AvgPoolGrad: 'input' },
};
/** The same of volumes. Stock has what a number gives them right, but on tensorflow, which has no such pads. */
const ofVolumes: Readonly<Record<string, string>> = {
  ...{ MaxPool3D: 'x', AvgPool3D: 'x', MaxPool3DGrad: 'input', AvgPool3DGrad: 'input' },
};

const forEach = (value: number | readonly number[], axes: number): readonly number[] =>
  typeof value === 'number' ? Array<number>(axes).fill(value) : value;

const rounded = { floor: Math.floor, round: Math.round, ceil: Math.ceil };

/**
 * What each axis is padded with, before and after it. Behind the last number there is as much as the last window needs, which is more than
 * what was asked for where the size of the output was rounded up.
 */
function padsOf(kernelName: string, pad: number | 'same' | Pads, call: Call): number[][] {
  const attrs = call.attrs as unknown as Attrs;
  const inputs = call.inputs as Record<string, tf.TensorInfo>;
  const { filter, dy } = inputs;
  const input = { ...kernels, ...ofVolumes }[kernelName];
  const shape = (input === undefined ? attrs.inputShape : inputs[input]?.shape) ?? [];
  const axes = shape.length - 2;
  const window = attrs.filterShape ?? filter?.shape ?? forEach(attrs.filterSize ?? 1, axes);
  const strides = forEach(attrs.strides, axes);
  const dilations = forEach(attrs.dilations ?? 1, axes);
  const round = attrs.dimRoundingMode ? rounded[attrs.dimRoundingMode] : Math.trunc;
  const first = attrs.dataFormat === 'NCHW' ? 2 : 1;
  return shape.map((size, axis) => {
    const place = axis - first;
    if (place < 0 || place >= axes) return [0, 0];
    const [stride = 1, dilation = 1] = [strides[place], dilations[place]];
    const reach = ((window[place] ?? 1) - 1) * dilation + 1;
    if (pad === 'same') {
      const lacking = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
      return [Math.floor(lacking / 2), Math.ceil(lacking / 2)];
    }
    const [before = 0, after = 0] = typeof pad === 'number' ? [pad, pad] : (pad[axis] ?? []);
    // A gradient is not told how the size was rounded.
    const count = dy?.shape[axis] ?? round((size - reach + before + after) / stride + 1);
    return [before, Math.max(after, (count - 1) * stride + reach - size - before)];
  });
}

const withPads = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { pad } = call.attrs as unknown as Attrs;
    const isSame = pad === 'same' && stock.backendName === 'wasm' && 'filter' in call.inputs;
    if (typeof pad === 'string' && !isSame) return stock.kernelFunc(call);
    const { dimRoundingMode: _, ...others } = call.attrs as tf.NamedAttrMap;
    const attrs = { ...others, pad: padsOf(stock.kernelName, pad as number | 'same' | Pads, call) };
    return stock.kernelFunc({ ...call, attrs });
  },
});

/**
 * Stock, the size of what comes out is computed of the height alone where a number is the pad, so that it is wrong for windows or strides
 * that are not square; and a gradient forgets how it was rounded. On wasm the pads `same` of a convolution are wrong where its filter is
 * smaller than the stride along one axis and not along the other. With what each axis needs all of that is right.
 */
export function registerPads(): void {
  for (const backendName of ['cpu', 'wasm', 'webgpu', 'tensorflow']) {
    for (const kernelName of Object.keys(kernels)) {
      wrapKernel(kernelName, backendName, withPads, 'pads');
    }
  }
  for (const kernelName of Object.keys(ofVolumes)) {
    wrapKernel(kernelName, 'tensorflow', withPads, 'pads');
  }
}
