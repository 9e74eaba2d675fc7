import type * as tf from '@tensorflow/tfjs-core';
import { composite, type RunStock } from './composite.ts';
import { wrapKernel } from './registry.ts';

type Call = Parameters<tf.KernelFunc>[0];
type Pads = readonly (readonly [number, number])[];
type Inputs = Record<string, tf.TensorInfo>;

interface Work {
  readonly runStock: RunStock;
  readonly inputs: Inputs;
  /** With no pads. */
  readonly attrs: tf.NamedAttrMap;
  readonly pads: Pads;
}

function padded({ runStock, pads }: Work, x: tf.TensorInfo, constantValue = 0): tf.TensorInfo {
  return runStock('PadV2', { x }, { paddings: pads as unknown as number[], constantValue });
}

/** The numbers of the image, without those of its pads. */
function inside({ runStock, pads }: Work, x: tf.TensorInfo): tf.TensorInfo {
  const begin = pads.map(([before]) => before);
  const size = x.shape.map(
    (length, axis) => length - (pads[axis]?.[0] ?? 0) - (pads[axis]?.[1] ?? 0),
  );
  return runStock('Slice', { x }, { begin, size });
}

/** How many numbers of the image a window has, of those that it has of image and pads. */
function shares(work: Work, pool: string, shape: readonly number[]): tf.TensorInfo {
  const one = [1, ...shape.slice(1, -1), 1];
  const ones = work.runStock('Fill', {}, { shape: one, value: 1, dtype: 'float32' });
  return work.runStock(pool, { x: padded(work, ones) }, work.attrs);
}

const input = (inputs: Inputs, name: string): tf.TensorInfo => inputs[name] as tf.TensorInfo;

/** Each kernel on what was padded before, which TensorFlow calls `valid`. */
const works: Readonly<Record<string, (work: Work) => tf.TensorInfo>> = {
  ...poolsOf('MaxPool', 'AvgPool'),
  ...poolsOf('MaxPool3D', 'AvgPool3D'),
  ...backpropOf('Conv2D'),
  ...backpropOf('DepthwiseConv2dNative'),
};

function poolsOf(max: string, avg: string): Record<string, (work: Work) => tf.TensorInfo> {
  const least = Number.NEGATIVE_INFINITY;
  return {
    [max]: (work) =>
      work.runStock(max, { x: padded(work, input(work.inputs, 'x'), least) }, work.attrs),
    [`${max}Grad`]: (work) => {
      const x = padded(work, input(work.inputs, 'input'), least);
      return inside(work, work.runStock(`${max}Grad`, { ...work.inputs, input: x }, work.attrs));
    },
    [avg]: (work) => {
      const x = input(work.inputs, 'x');
      const a = work.runStock(avg, { x: padded(work, x) }, work.attrs);
      return work.runStock('RealDiv', { a, b: shares(work, avg, x.shape) });
    },
    [`${avg}Grad`]: (work) => {
      const x = input(work.inputs, 'input');
      const b = shares(work, avg, x.shape);
      const dy = work.runStock('RealDiv', { a: input(work.inputs, 'dy'), b });
      const of = { dy, input: padded(work, x) };
      return inside(work, work.runStock(`${avg}Grad`, of, work.attrs));
    },
  };
}

function backpropOf(kernelName: string): Record<string, (work: Work) => tf.TensorInfo> {
  return {
    [`${kernelName}BackpropFilter`]: (work) =>
      work.runStock(
        `${kernelName}BackpropFilter`,
        { ...work.inputs, x: padded(work, input(work.inputs, 'x')) },
        work.attrs,
      ),
    [`${kernelName}BackpropInput`]: (work) => {
      const { inputShape } = work.attrs as unknown as { inputShape: number[] };
      const whole = inputShape.map((size, axis) => size + sum(work.pads[axis]));
      return inside(
        work,
        work.runStock(`${kernelName}BackpropInput`, work.inputs, {
          ...work.attrs,
          inputShape: whole,
        }),
      );
    },
  };
}

const sum = (pads: readonly [number, number] | undefined): number =>
  (pads?.[0] ?? 0) + (pads?.[1] ?? 0);

const onPadded =
  (work: (work: Work) => tf.TensorInfo) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call: Call) => {
      const { pad } = call.attrs as unknown as { pad: unknown };
      if (!Array.isArray(pad)) return stock.kernelFunc(call);
      return composite(call.backend as tf.KernelBackend, 'tensorflow', (runStock) =>
        work({
          runStock,
          inputs: call.inputs as Inputs,
          attrs: { ...(call.attrs as tf.NamedAttrMap), pad: 'valid' },
          pads: pad as Pads,
        }),
      );
    },
  });

/** Stock, pools and the gradients of convolutions have the pads `same` and `valid` alone. */
export function registerTensorflowPads(): void {
  for (const [kernelName, work] of Object.entries(works)) {
    wrapKernel(kernelName, 'tensorflow', onPadded(work), 'pads of each axis');
  }
}
