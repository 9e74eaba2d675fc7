import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';
import { spreadAxis, thinAxis } from './axes.ts';

/** The kernels of a kind of convolution, and the axes over which its window moves. */
interface Kind {
  readonly forward: string;
  readonly byInput: string;
  readonly byFilter: string;
  readonly spatial: number;
}

const kinds: readonly Kind[] = [
  {
    forward: 'Conv2D',
    byInput: 'Conv2DBackpropInput',
    byFilter: 'Conv2DBackpropFilter',
    spatial: 2,
  },
  {
    forward: 'DepthwiseConv2dNative',
    byInput: 'DepthwiseConv2dNativeBackpropInput',
    byFilter: 'DepthwiseConv2dNativeBackpropFilter',
    spatial: 2,
  },
  {
    forward: 'Conv3D',
    byInput: 'Conv3DBackpropInputV2',
    byFilter: 'Conv3DBackpropFilterV2',
    spatial: 3,
  },
];

const run = (name: string, inputs: Record<string, tf.Tensor>, attrs: object): tf.Tensor =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor;

type Dilations = number | readonly number[] | null | undefined;

/** The filter with its numbers as far apart as the window takes them: with it the convolution has no dilations. */
export const spread = (filter: tf.Tensor, dilations: readonly number[]): tf.Tensor =>
  dilations.reduce((wide, step, axis) => spreadAxis(wide, axis, step), filter);

const thin = (filter: tf.Tensor, dilations: readonly number[]): tf.Tensor =>
  dilations.reduce((narrow, step, axis) => thinAxis(narrow, axis, step), filter);

function gradientsOf({ forward, byInput, byFilter, spatial }: Kind): tf.GradConfig[] {
  /** What the three kernels share. */
  const shared = (attrs: tf.NamedAttrMap | object) => {
    const { strides, pad, dataFormat, dimRoundingMode } = attrs as tf.Conv2DAttrs;
    return { strides, pad, dataFormat, dimRoundingMode, dilations: Array(spatial).fill(1) };
  };
  const convolved = (x: tf.Tensor, filter: tf.Tensor, attrs: object) =>
    run(forward, { x, filter }, shared(attrs));
  const toInput = (dy: tf.Tensor, filter: tf.Tensor, inputShape: number[], attrs: object) =>
    run(byInput, { dy, filter }, { ...shared(attrs), inputShape });
  const toFilter = (x: tf.Tensor, dy: tf.Tensor, filterShape: number[], attrs: object) =>
    run(byFilter, { x, dy }, { ...shared(attrs), filterShape });
  return [
    {
      kernelName: forward,
      inputsToSave: ['x', 'filter'],
      gradFunc: (dy, saved, attrs) => {
        const [x, filter] = saved as [tf.Tensor, tf.Tensor];
        const { dilations: given } = attrs as { dilations?: Dilations };
        const all = typeof given === 'number' ? Array(spatial).fill(given) : (given ?? []);
        const dilations = all.some((step: number) => step > 1) ? (all as number[]) : [];
        const wide = filter.shape.map((n, axis) => (n - 1) * (dilations[axis] ?? 1) + 1);
        return {
          x: () => toInput(dy as tf.Tensor, spread(filter, dilations), x.shape, attrs),
          filter: () => thin(toFilter(x, dy as tf.Tensor, wide, attrs), dilations),
        };
      },
    },
    {
      kernelName: byInput,
      inputsToSave: ['dy', 'filter'],
      gradFunc: (ddx, saved, attrs) => {
        const [dy, filter] = saved as [tf.Tensor, tf.Tensor];
        return {
          dy: () => convolved(ddx as tf.Tensor, filter, attrs),
          filter: () => toFilter(ddx as tf.Tensor, dy, filter.shape, attrs),
        };
      },
    },
    {
      kernelName: byFilter,
      inputsToSave: ['x', 'dy'],
      gradFunc: (ddw, saved, attrs) => {
        const [x, dy] = saved as [tf.Tensor, tf.Tensor];
        return {
          x: () => toInput(dy, ddw as tf.Tensor, x.shape, attrs),
          dy: () => convolved(x, ddw as tf.Tensor, attrs),
        };
      },
    },
  ];
}

const configs = kinds.flatMap(gradientsOf);

/**
 * A convolution, its gradient by the input and that by the filter are each other's gradients. Stock TensorFlow.js lacks some of them,
 * and refuses dilations.
 */
export function registerConvolutionGradients(): void {
  for (const config of configs) replaceGradient(config);
}
