import { defineKernel, type Kernel, type KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import { sumRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { temporalConvGradTensorflow, temporalConvTensorflow } from './kernels/tensorflow.ts';
import { temporalConvGradWasm, temporalConvWasm } from './kernels/wasm.ts';
import { temporalConvGradWebgpu, temporalConvWebgpu } from './kernels/webgpu.ts';

export type Inputs = {
  /** What came before and the steps themselves, `[outer, K-1 + T, N, E]`. */
  readonly x: tf.Tensor;
  /** `[K, E]`. */
  readonly w: tf.Tensor;
  /** `[E]`. */
  readonly b: tf.Tensor;
  /** 0 where a sequence begins and 1 elsewhere, `[outer, T]`. */
  readonly keep: tf.Tensor;
};

/** dy: `[outer, T, N, E]`. */
export type GradInputs = Omit<Inputs, 'b'> & { readonly dy: tf.Tensor };

/** `restarts`: whether any of `keep` may be 0. For the composite, which has less to do where none is. */
export type Attrs = { readonly restarts: boolean };

/**
 * For each tap k the product of the last k of `keep` up to each step, `[outer, T]`: 0 where the tap would reach over the
 * beginning of a sequence.
 */
export function tapMasks(keep: tf.Tensor2D, taps: number): tf.Tensor2D[] {
  const masks = [tf.onesLike(keep)];
  for (let tap = 1; tap < taps; tap++) {
    masks.push(tf.mul(masks.at(-1) as tf.Tensor2D, delayed(keep, tap - 1)));
  }
  return masks;
}

/** `[outer, T]` as many steps later, with ones before. */
function delayed(keep: tf.Tensor2D, steps: number): tf.Tensor2D {
  const [outer, length] = keep.shape;
  if (steps === 0) return keep;
  if (steps >= length) return tf.onesLike(keep);
  const before: [[number, number], [number, number]] = [
    [0, 0],
    [steps, 0],
  ];
  return tf.pad(tf.slice(keep, [0, 0], [outer, length - steps]), before, 1);
}

/** What tap k meets, `[outer, T, N, E]`, its weights `[E]`, and its mask where there are restarts. */
function* eachTap({ x, w, keep }: Omit<Inputs, 'b'>, { restarts }: Attrs) {
  const [taps, width] = w.shape as [number, number];
  const [outer, , tokens] = x.shape as [number, number, number];
  const steps = keep.shape[1] ?? 1;
  const masks = restarts ? tapMasks(keep as tf.Tensor2D, taps) : [];
  for (let tap = 0; tap < taps; tap++) {
    const start = taps - 1 - tap;
    const mask = masks[tap];
    yield {
      start,
      after: tap,
      met: () => tf.slice(x, [0, start, 0, 0], [outer, steps, tokens, width]),
      weights: () => tf.reshape(tf.slice(w, [start, 0], [1, width]), [width]),
      // Not times the mask: 0 times what is not finite is NaN.
      masked: (value: tf.Tensor) =>
        tap === 0 || mask === undefined
          ? value
          : tf.where(tf.greater(tf.reshape(mask, [outer, steps, 1, 1]), 0), value, 0),
    };
  }
}

const grad: Kernel<GradInputs, Attrs> = defineKernel<GradInputs, Attrs>({
  name: 'NeverendTemporalConvGrad',
  composite: ({ inputs, attrs }) => {
    const { dy, w } = inputs;
    const width = w.shape[1] ?? 1;
    const sum = (value: tf.Tensor) => sumRows(tf.reshape(value, [-1, width]));
    const [dx, dw]: [tf.Tensor[], tf.Tensor[]] = [[], []];
    for (const { start, after, met, weights, masked } of eachTap(inputs, attrs)) {
      const around: [number, number][] = [
        [0, 0],
        [start, after],
        [0, 0],
        [0, 0],
      ];
      dx.push(tf.pad(masked(tf.mul(dy, weights())), around));
      dw.unshift(sum(masked(tf.mul(dy, met()))));
    }
    return [dx.reduce((total, part) => tf.add(total, part)), tf.stack(dw), sum(dy)];
  },
  backendKernels: {
    wasm: temporalConvGradWasm,
    webgpu: temporalConvGradWebgpu,
    tensorflow: temporalConvGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: convCases(['x', 'dy']),
  flops: ({ inputs: { dy, w } }) => 4 * dy.size * (w.shape[0] ?? 1) + dy.size,
});

/** y_t = b + the sum over k of w_{K-1-k} x_{t-k}, up to where a sequence begins: `[outer, T, N, E]`. */
export const temporalConvKernel: Kernel<Inputs, Attrs> = defineKernel<Inputs, Attrs>({
  name: 'NeverendTemporalConv',
  composite: ({ inputs, attrs }) => {
    let y: tf.Tensor = inputs.b;
    for (const { met, weights, masked } of eachTap(inputs, attrs)) {
      y = tf.add(y, masked(tf.mul(met(), weights())));
    }
    return [y];
  },
  gradient: {
    saveInputs: ['x', 'w', 'keep'],
    backward: ([dy], [x, w, keep], attrs) => {
      const [dx, dw, db] = grad.run({ dy, x, w, keep } as GradInputs, attrs) as Three;
      return { x: () => dx, w: () => dw, b: () => db };
    },
  },
  backendKernels: {
    wasm: temporalConvWasm,
    webgpu: temporalConvWebgpu,
    tensorflow: temporalConvTensorflow,
  },
  code: import.meta.neverendCode,
  cases: convCases(['x']),
  flops: ({ inputs: { w, keep, x } }) => 2 * w.size * keep.size * (x.shape[2] ?? 1),
});

type Three = [tf.Tensor, tf.Tensor, tf.Tensor];

/** Calls with an x `[outer, K-1 + T, N, E]`, where it is named a dy `[outer, T, N, E]`, weights, and restarts or none. */
function convCases(names: readonly string[]): KernelCase<Attrs>[] {
  const shapes = [
    [1, 1, 1, 1, 2],
    [2, 1, 3, 5, 4],
    [1, 7, 1, 6, 4],
    [2, 7, 3, 6, 4],
    [3, 33, 2, 35, 3],
    [65_537, 2, 1, 2, 2],
  ] as const;
  return shapes.flatMap(([outer, steps, tokens, width, taps]) =>
    [false, true].map((restarts) => {
      const time = (name: string) => (name === 'x' ? taps - 1 + steps : steps);
      const inputs = names.map((name) => [name, { shape: [outer, time(name), tokens, width] }]);
      const bias = names.includes('dy') ? {} : { b: { shape: [width] } };
      const keep = Float32Array.from({ length: outer * steps }, (_, step) =>
        restarts && step % 5 === 1 ? 0 : 1,
      );
      return randomCase(
        { ...Object.fromEntries(inputs), w: { shape: [taps, width] }, ...bias },
        { restarts },
        { keep: () => tf.tensor2d(keep, [outer, steps]) },
      );
    }),
  );
}
