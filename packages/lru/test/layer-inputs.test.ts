import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectTensorClose,
  randomTensor,
  reloadModel,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import { neverendLinear } from '@neverend/nn/register';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import {
  neverendLinearScan,
  neverendLru,
  neverendRecurrentBlock,
  neverendRgLru,
  neverendTemporalConv,
} from '../src/register.ts';

const args = { returnSequences: false, seed: 1 };
const layers = {
  NeverendRgLru: () => neverendRgLru({ heads: 2, ...args }),
  NeverendLru: () => neverendLru({ lruWidth: 5, ...args }),
  NeverendTemporalConv: () => neverendTemporalConv({ taps: 3, ...args }),
  NeverendRecurrentBlock: () => neverendRecurrentBlock({ heads: 2, ...args }),
};
const { add, multiply, average, concatenate } = tfl.layers;
const merges = { add, multiply, average, concatenate };

await describeBackends(
  'what a recurrent layer is given',
  (backend) => {
    const expectSame = async (met: tf.Tensor, expected: tf.Tensor) => {
      const { shape } = expected;
      await expectTensorClose(met, { shape, data: await expected.data() }, tolerances[backend]);
    };

    it.each(
      Object.entries(layers).flatMap(([name, make]) =>
        Object.entries(merges).map(([merge, of]) => [name, merge, make, of] as const),
      ),
    )('%s counts no padding behind layers.%s', async (_, __, make, merge) => {
      const tokens = tfl.input({ shape: [5] });
      const positions = tfl.input({ shape: [5, 4] });
      const words = tfl.layers.embedding({ inputDim: 5, outputDim: 4, maskZero: true });
      const merged = merge().apply([
        positions,
        words.apply(tokens) as tfl.SymbolicTensor,
      ]) as tfl.SymbolicTensor;
      const layer = make();
      const y = layer.apply(merged) as tfl.SymbolicTensor;
      const model = tfl.model({ inputs: [tokens, positions], outputs: [y, merged] });
      const given = [
        tf.tensor2d([1, 2, 4, 0, 0, 3, 0, 0, 0, 0], [2, 5]),
        randomTensor(randomKey('positions'), [2, 5, 4]),
      ];
      for (const one of [model, await reloadModel(model)]) {
        const [met, steps] = one.predict(given) as [tf.Tensor3D, tf.Tensor3D];
        const alone = [3, 1].map((length, row) =>
          layer.apply(tf.slice(steps, [row, 0, 0], [1, length, -1])),
        ) as tf.Tensor[];
        await expectSame(met, tf.concat(alone));
      }
    });

    it('may be the state behind padding, which is no sequence', async () => {
      const tokens = tfl.input({ shape: [3] });
      const words = tfl.layers.embedding({ inputDim: 5, outputDim: 4, maskZero: true });
      const encoder = neverendRgLru({ heads: 2, returnState: true });
      const [, state] = encoder.apply(
        words.apply(tokens) as tfl.SymbolicTensor,
      ) as tfl.SymbolicTensor[];
      const start = tfl.input({ shape: [2, 4] });
      const decoder = neverendRgLru({ heads: 2 });
      const head = neverendLinear({ units: 2 });
      const outputs = [state, decoder.apply([start, state as tfl.SymbolicTensor])];
      const model = tfl.model({
        inputs: [tokens, start],
        outputs: [...outputs, head.apply(state as tfl.SymbolicTensor)] as tfl.SymbolicTensor[],
      });
      const x = randomTensor(randomKey('x'), [1, 2, 4]);
      const [last, y, z] = model.predict([tf.tensor2d([[1, 2, 0]]), x]) as tf.Tensor[];
      await expectSame(y as tf.Tensor, decoder.apply([x, last as tf.Tensor]) as tf.Tensor);
      await expectSame(z as tf.Tensor, head.apply(last as tf.Tensor) as tf.Tensor);
    });

    it('may be initialState beside a list', async () => {
      const [x, a, other] = ['x', 'a', 'other'].map((name) =>
        randomTensor(randomKey(name), [2, 3, 4]),
      ) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const state = randomTensor(randomKey('state'), [2, 4]);
      for (const [make, inputs] of [
        [layers.NeverendRgLru, [x]],
        [neverendLinearScan, [x, a]],
      ] as const) {
        const layer = make();
        const expected = layer.apply([...inputs, state]) as tf.Tensor;
        await expectSame(
          layer.apply([...inputs], { initialState: [state] }) as tf.Tensor,
          expected,
        );
        expect(() => layer.apply([...inputs, state], { initialState: other })).toThrow(
          new TypeError(
            'the initial state was in inputs and in initialState; it must be in one of them',
          ),
        );
        // A second use of a layer in a model.
        const of = inputs.map(() => tfl.input({ shape: [3, 4] }));
        const begin = tfl.input({ shape: [4] });
        layer.apply(of.length === 1 ? (of[0] as tfl.SymbolicTensor) : of);
        const outputs = layer.apply(of, { initialState: [begin] }) as tfl.SymbolicTensor;
        const model = tfl.model({ inputs: [...of, begin], outputs });
        await expectSame(model.predict([...inputs, state]) as tf.Tensor, expected);
      }
    });

    it('is no mask of factors alone', () => {
      const [x, a] = [tfl.input({ shape: [3, 4] }), tfl.input({ shape: [3, 4] })];
      const scan = neverendLinearScan({ name: 'scan' });
      const masked = tfl.layers.masking({}).apply(a) as tfl.SymbolicTensor;
      const outputs = scan.apply([x, masked]) as tfl.SymbolicTensor;
      const ones = tf.ones([2, 3, 4]);
      expect(() => tfl.model({ inputs: [x, a], outputs }).predict([ones, ones])).toThrow(
        'the layer "scan" was given a mask of inputs[1] alone; NeverendLinearScan takes that of inputs[0]',
      );
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
