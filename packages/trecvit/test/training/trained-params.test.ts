import { randomKey, randomUniform, watchBytes } from '@neverend/backend';
import {
  describeBackends,
  expectCloseToScale,
  expectNoLeak,
  expectTensorClose,
  officialTolerances,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { parameterCount, TRecViT } from '../../src/index.ts';
import { decays, smoothedCrossEntropy, trecvitTrainee } from '../../src/training/index.ts';
import type { TrainSettings } from '../../src/training/train-defaults.ts';
import { resolveSettings } from '../../src/training/train-settings.ts';
import { type Part, TrainedParams } from '../../src/training/trained-params.ts';
import type { Trainee } from '../../src/training/trainee.ts';
import { tiny } from '../tiny.ts';

const source = { classNames: ['a', 'b', 'c', 'd', 'e'], labels: [0, 1, 2, 3, 4] };
const settled = (settings: TrainSettings) => resolveSettings(settings, source);

/** Clips of noise and their classes, in parts of a size. */
async function* partsOf(clips: number, size: number): AsyncGenerator<Part> {
  for (let first = 0; first < clips; first += size) {
    const each = tiny.frames * 8 * 12 * 3;
    const pixels = randomUniform(randomKey('clips'), clips * each);
    const video = tf.tensor(pixels.slice(first * each, (first + size) * each), [
      ...[size, tiny.frames, 8, 12, 3],
    ]);
    const labels = tf.tensor1d(
      Array.from({ length: size }, (_, index) => (first + index) % 5),
      'int32',
    );
    try {
      yield { video, labels };
    } finally {
      tf.dispose([video, labels]);
    }
  }
}

/** Two weights, of which the loss depends on both: logits are the mean of the pixels times the kernel, plus the bias. */
const simple = (): Trainee => ({
  params: {
    'head/kernel': tf.tensor2d([[0.5, -1]]),
    'head/bias': tf.tensor1d([0.25, 0]),
  },
  format: {
    ...{ frames: 1, imageSize: [1, 1] },
    input: { framesPerSecond: 1, crop: 'centre', range: [0, 1] },
  },
  logits: (video, params) =>
    tf.tidy(() => {
      const mean = tf.mean(tf.reshape(video, [video.shape[0], 3]), 1, true);
      return tf.add(
        tf.matMul(mean as tf.Tensor2D, params['head/kernel'] as tf.Tensor2D),
        params['head/bias'] as tf.Tensor,
      ) as tf.Tensor2D;
    }),
});

async function* onePixel(value: number): AsyncGenerator<Part> {
  const [video, labels] = [tf.fill([1, 1, 1, 1, 3], value), tf.tensor1d([1], 'int32')];
  yield { video, labels };
  tf.dispose([video, labels]);
}

/** The gradients of `simple` for one pixel of this value and the label 1, by hand. */
function byHand(
  kernel: readonly number[],
  bias: readonly number[],
  value: number,
  smoothing: number,
) {
  const logits = kernel.map((weight, index) => weight * value + (bias[index] as number));
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const errors = logits.map((logit, index) => {
    const target = (index === 1 ? 1 - smoothing : 0) + smoothing / 2;
    return Math.exp(logit) / total - target;
  });
  const grads = { kernel: errors.map((error) => error * value), bias: errors };
  return { grads, norm: Math.hypot(...grads.kernel, ...grads.bias) };
}

await describeBackends(
  'parameters in training',
  (backend) => {
    it('give the logits of the model that they are of, whatever its constants', async () => {
      const config = { ...tiny, decayPower: 5, normEps: 0.1, gelu: 'erf' } as const;
      const model = TRecViT.init(config, randomKey(1));
      const video = tf.tensor(
        randomUniform(randomKey('video'), 2 * 4 * 8 * 12 * 3),
        [2, 4, 8, 12, 3],
      );
      const { logits } = tf.tidy(() => ({ logits: model.forward(video).logits }));
      const expected = { shape: [2, 5], data: await logits.data() };
      for (const remat of [false, true]) {
        const found = trecvitTrainee(model, { remat }).logits(video, model.params);
        await expectTensorClose(found, expected, tolerances[backend]);
        found.dispose();
      }
      tf.dispose([video, logits]);
      model.dispose();
    });

    it('have the same gradients in parts as at once, and with layers computed a second time', async () => {
      const model = TRecViT.init({ ...tiny, layers: 1 }, randomKey(1));
      const gradientsOf = async (size: number, remat: boolean) => {
        const trainee = trecvitTrainee(model, { remat });
        const params = new TrainedParams(trainee, settled({ clipNorm: 1e9 }));
        const { loss, gradientNorm, clipped } = await params.gradients(partsOf(2, size));
        params.dispose();
        const grads = Object.entries(clipped).map(
          ([name, grad]) => [name.slice(name.indexOf('/') + 1), grad] as const,
        );
        return { loss, gradientNorm, grads: Object.fromEntries(grads) };
      };
      const whole = await gradientsOf(2, false);
      expect(Object.keys(whole.grads).sort()).toEqual(Object.keys(model.params).sort());
      for (const remat of [false, true]) {
        const found = await gradientsOf(1, remat);
        expect(found.loss).toBeCloseTo(whole.loss, 5);
        expect(found.gradientNorm / whole.gradientNorm).toBeCloseTo(1, 3);
        for (const [name, grad] of Object.entries(whole.grads)) {
          // The gradient of keys' biases is 0 but for roundings.
          if (name.endsWith('key/bias')) continue;
          const expected = { shape: grad.shape, data: await grad.data() };
          const tolerance = 10 * officialTolerances[backend];
          await expectCloseToScale(name, found.grads[name] as tf.Tensor, expected, tolerance);
        }
        tf.dispose(found.grads);
      }
      tf.dispose(whole.grads);
      model.dispose();
    });

    it('take steps of AdamW, clipped, with decay for the kernel alone, as computed by hand', async () => {
      const trainee = simple();
      const settings = { clipNorm: 0.1, weightDecay: 0.5, labelSmoothing: 0.2, averageDecay: 0.75 };
      const params = new TrainedParams(trainee, settled(settings));
      const values = { kernel: [0.5, -1], bias: [0.25, 0] };
      const average = { kernel: [0, 0], bias: [0, 0] };
      const moments = { kernel: [0, 0].map(() => [0, 0]), bias: [0, 0].map(() => [0, 0]) };
      for (const [index, rate] of [0.01, 0.02, 0.005].entries()) {
        const { grads, norm } = byHand(values.kernel, values.bias, 0.5 + index, 0.2);
        const found = await params.gradients(onePixel(0.5 + index));
        expect(found.gradientNorm).toBeCloseTo(norm, 4);
        params.apply(found.clipped, rate);
        tf.dispose(found.clipped);
        for (const key of ['kernel', 'bias'] as const) {
          for (const place of [0, 1]) {
            const grad = (grads[key][place] as number) * Math.min(1, 0.1 / (norm + 1e-6));
            const moment = moments[key][place] as number[];
            moment[0] = 0.9 * (moment[0] as number) + 0.1 * grad;
            moment[1] = 0.999 * (moment[1] as number) + 0.001 * grad * grad;
            const [m, v] = [
              moment[0] / (1 - 0.9 ** (index + 1)),
              moment[1] / (1 - 0.999 ** (index + 1)),
            ];
            const decay = key === 'kernel' ? 1 - rate * 0.5 : 1;
            const next =
              decay * (values[key][place] as number) - (rate * m) / (Math.sqrt(v) + 1e-8);
            values[key][place] = next;
            const before = average[key][place] as number;
            average[key][place] = index === 0 ? next : 0.75 * before + 0.25 * next;
          }
        }
      }
      const close = { rtol: 1e-4, atol: 1e-5 };
      const now = params.params;
      await expectTensorClose(
        now['head/kernel'] as tf.Tensor,
        { shape: [1, 2], data: values.kernel },
        close,
      );
      await expectTensorClose(
        now['head/bias'] as tf.Tensor,
        { shape: [2], data: values.bias },
        close,
      );
      const result = await params.result();
      await expectTensorClose(
        result['head/kernel'] as tf.Tensor,
        { shape: [1, 2], data: average.kernel },
        close,
      );
      await expectTensorClose(
        result['head/bias'] as tf.Tensor,
        { shape: [2], data: average.bias },
        close,
      );
      // The averages were lent.
      await expectTensorClose(
        params.params['head/bias'] as tf.Tensor,
        { shape: [2], data: values.bias },
        close,
      );
      tf.dispose([result, trainee.params]);
      params.dispose();
    });

    it.each([{ learningRate: -1 }, { averageDecay: 2 }])(
      'leave nothing where an optimiser refuses %o',
      async (wrong) => {
        const { params, ...rest } = simple();
        await expectNoLeak(() => {
          expect(
            () => new TrainedParams({ params, ...rest }, { ...settled({}), ...wrong }),
          ).toThrow(RangeError);
        });
        tf.dispose(Object.values(params));
      },
    );

    it('stay as they are, to the bit, and have no gradient computed where they are frozen', async () => {
      const model = TRecViT.init(tiny, randomKey(1));
      const params = new TrainedParams(
        trecvitTrainee(model),
        settled({ frozen: ['tokenizer/', 'encoder/'], averageDecay: 0.5 }),
      );
      const before = new Map<string, Float32Array>();
      for (const [name, param] of Object.entries(model.params)) {
        before.set(name, Float32Array.from(await param.data()));
      }
      const kernels = new Map<string, number>();
      const engine = tf.engine();
      const { runKernel } = engine;
      engine.runKernel = ((...args: Parameters<typeof runKernel>) => {
        kernels.set(args[0], (kernels.get(args[0]) ?? 0) + 1);
        return runKernel.apply(engine, args);
      }) as typeof runKernel;
      try {
        const { clipped } = await params.gradients(partsOf(2, 2));
        params.apply(clipped, 0.1);
        tf.dispose(clipped);
      } finally {
        engine.runKernel = runKernel;
      }
      const backward = [...kernels.keys()].filter((name) =>
        /^Neverend.*(Grad|Backward)/.test(name),
      );
      expect(backward).toEqual([]);
      const result = await params.result();
      for (const [name, values] of before) {
        const now = Float32Array.from(await (result[name] as tf.Tensor).data());
        if (name.startsWith('decoder/')) expect(now, name).not.toEqual(values);
        else expect(now, name).toEqual(values);
      }
      tf.dispose(result);
      params.dispose();
      model.dispose();
    });

    /** The most bytes that the gradients of two clips take at once, themselves among them. */
    async function peakOf(layers: number, { remat = false, frozen = [] as readonly string[] }) {
      const model = TRecViT.init({ ...tiny, layers }, randomKey(1));
      const params = new TrainedParams(trecvitTrainee(model, { remat }), settled({ frozen }));
      const watch = watchBytes();
      try {
        tf.dispose((await params.gradients(partsOf(2, 2))).clipped);
        return watch.peakBytes();
      } finally {
        watch.end();
        params.dispose();
        model.dispose();
      }
    }

    it('take little memory where only the head is trained', async () => {
      const ofHead = await peakOf(4, { frozen: ['tokenizer/', 'encoder/'] });
      expect(ofHead).toBeLessThan((await peakOf(4, {})) / 2);
    });

    it('take its input and gradients for each layer more that is computed a second time, and else its activations', async () => {
      const forOneMore = async (remat: boolean) =>
        ((await peakOf(8, { remat })) - (await peakOf(4, { remat }))) / 4;
      const [fewer, more] = [4, 5].map((layers) => parameterCount({ ...tiny, layers }));
      // Two clips of six patches and the token of the class.
      const input = 2 * tiny.frames * 7 * tiny.width;
      const least = 4 * ((more as number) - (fewer as number) + 2 * input);
      expect(await forOneMore(true)).toBeLessThanOrEqual(least);
      expect(await forOneMore(false)).toBeGreaterThan(10 * least);
    });

    it('smooth labels as computed by hand', async () => {
      const logits = [
        [1, 2, -1],
        [0, 0.5, 3],
      ];
      const labels = [1, 0];
      const terms = logits.map((row, index) => {
        const log = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
        return row.reduce((sum, logit, at) => {
          const target = (at === labels[index] ? 0.9 : 0) + 0.1 / 3;
          return sum - target * (logit - log);
        }, 0);
      });
      const loss = tf.tidy(() =>
        smoothedCrossEntropy(tf.tensor2d(logits), tf.tensor1d(labels, 'int32'), 0.1),
      );
      const data = [((terms[0] as number) + (terms[1] as number)) / 2];
      await expectTensorClose(loss, { shape: [], data }, tolerances[backend]);
      loss.dispose();
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

it('decays kernels and weights of gates, and nothing else of a model', () => {
  const model = TRecViT.init(tiny, randomKey(1));
  const decayed = Object.keys(model.params).filter(decays);
  model.dispose();
  const layer = (index: number) => [
    `encoder/residualblock_0${index}/recurrent_block/linear_x/kernel`,
    `encoder/residualblock_0${index}/recurrent_block/linear_y/kernel`,
    `encoder/residualblock_0${index}/recurrent_block/conv_1d/w`,
    `encoder/residualblock_0${index}/recurrent_block/rg_lru/input_gate/w`,
    `encoder/residualblock_0${index}/recurrent_block/rg_lru/a_gate/w`,
    `encoder/residualblock_0${index}/recurrent_block/linear_out/kernel`,
    ...['query', 'key', 'value', 'out'].map(
      (name) => `encoder/encoderblock_${index}/MultiHeadDotProductAttention_0/${name}/kernel`,
    ),
    `encoder/encoderblock_${index}/MlpBlock_0/Dense_0/kernel`,
    `encoder/encoderblock_${index}/MlpBlock_0/Dense_1/kernel`,
  ];
  expect(decayed.sort()).toEqual(
    [
      'tokenizer/embedding/kernel',
      ...layer(0),
      ...layer(1),
      'decoder/pre_logits/kernel',
      'decoder/cls_head/kernel',
    ].sort(),
  );
});
