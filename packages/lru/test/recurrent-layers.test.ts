import { randomKey, useBackend } from '@neverend/backend';
import {
  describeBackends,
  expectLearns,
  expectNoLeak,
  expectTensorClose,
  layerParams,
  randomTensor,
  reloadModel,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { lru, recurrentBlock, rgLru, temporalConv } from '../src/index.ts';
import {
  neverendLinearScan,
  neverendLru,
  neverendRecurrentBlock,
  neverendRgLru,
  neverendTemporalConv,
} from '../src/register.ts';

interface RecurrentArgs {
  readonly returnSequences?: boolean;
  readonly returnState?: boolean;
  readonly goBackwards?: boolean;
}
type Made = { readonly y: tf.Tensor; readonly state: readonly tf.Tensor[] };

/** Each layer of one sequence, and what it computes. */
const layers: Readonly<
  Record<
    string,
    readonly [
      make: (args?: RecurrentArgs) => tfl.RNN,
      run: (x: tf.Tensor, params: Params, state?: readonly tf.Tensor[]) => Made,
    ]
  >
> = {
  NeverendRgLru: [
    (args = {}) => neverendRgLru({ heads: 2, seed: 1, ...args }),
    (x, params, state) => {
      const made = rgLru(x, params, state === undefined ? {} : { state: state[0] as tf.Tensor });
      return { y: made.y, state: [made.state] };
    },
  ],
  NeverendLru: [
    (args = {}) => neverendLru({ lruWidth: 5, maxRadius: 0.9, seed: 1, ...args }),
    (x, params, state) => {
      const [re, im] = state ?? [];
      const made = lru(x, params, re && im ? { state: { re, im } } : {});
      return { y: made.y, state: [made.state.re, made.state.im] };
    },
  ],
  NeverendTemporalConv: [
    (args = {}) => neverendTemporalConv({ taps: 3, seed: 1, ...args }),
    (x, params, state) => {
      const made = temporalConv(
        x,
        params,
        state === undefined ? {} : { state: state[0] as tf.Tensor },
      );
      return { y: made.y, state: [made.state] };
    },
  ],
  NeverendRecurrentBlock: [
    (args = {}) => neverendRecurrentBlock({ heads: 2, lruWidth: 8, seed: 1, ...args }),
    (x, params, state) => {
      const [of, conv] = state ?? [];
      const made = recurrentBlock(x, params, of && conv ? { state: { rgLru: of, conv } } : {});
      return { y: made.y, state: [made.state.rgLru, made.state.conv] };
    },
  ],
};
const names = Object.keys(layers);
const layerOf = (name: string) => layers[name] as (typeof layers)[string];
const turned = (x: tf.Tensor) => tf.reverse(x, 1);
const last = (y: tf.Tensor) => tf.squeeze(tf.slice(y, [0, (y.shape[1] ?? 1) - 1]), [1]);
const list = <T>(of: T | T[]): T[] => [of].flat() as T[];

async function expectAll(
  met: readonly tf.Tensor[],
  expected: readonly tf.Tensor[],
  backend: keyof typeof tolerances,
): Promise<void> {
  expect(met.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  for (const [i, { shape }] of expected.entries()) {
    const data = await (expected[i] as tf.Tensor).data();
    await expectTensorClose(met[i] as tf.Tensor, { shape, data }, tolerances[backend]);
  }
}

const flags: readonly RecurrentArgs[] = [false, true].flatMap((returnSequences) =>
  [false, true].flatMap((returnState) =>
    [false, true].map((goBackwards) => ({ returnSequences, returnState, goBackwards })),
  ),
);

await describeBackends(
  'a recurrent layer',
  (backend) => {
    // h_t = a h_{t-1} + x_t is a simple RNN without an activation, whose recurrent kernel has a on its diagonal.
    it.each(flags)('has the conventions of layers.simpleRNN with %j', async (args) => {
      await expectNoLeak(async () => {
        const a = [0.9, -0.5, 0.3];
        const x = randomTensor(randomKey('x'), [2, 5, 3]);
        const factors = tf.tidy(() => tf.add(tf.tensor1d(a), tf.zeros([2, 5, 3])));
        const state = randomTensor(randomKey('state'), [2, 3]);
        // No step before the state counts, and some behind: what simpleRNN computes there is its state.
        const mask = tf.tensor2d([0, 1, 0, 1, 1, 1, 1, 1, 0, 0], [2, 5]);
        const layer = neverendLinearScan(args);
        const stock = tfl.layers.simpleRNN({
          units: 3,
          activation: 'linear',
          useBias: false,
          ...args,
        });
        tf.dispose(stock.apply(x) as tf.Tensor);
        const weights = tf.tidy(() => [tf.eye(3), tf.mul(tf.eye(3), tf.tensor1d(a))]);
        stock.setWeights(weights);
        for (const initialState of [undefined, state]) {
          // On webgpu stock layers transpose a mask into something else.
          for (const kwargs of backend === 'webgpu' ? [{}] : [{}, { mask }]) {
            const inputs = initialState === undefined ? [x, factors] : [x, factors, initialState];
            const met = layer.apply(inputs, kwargs) as tf.Tensor | tf.Tensor[];
            const states = initialState === undefined ? {} : { initialState: [initialState] };
            const expected = stock.apply(x, { ...kwargs, ...states }) as tf.Tensor | tf.Tensor[];
            await expectAll(list(met), list(expected), backend);
            expect(layer.computeOutputShape(inputs.map(({ shape }) => shape))).toEqual(
              stock.computeOutputShape(x.shape),
            );
            tf.dispose([met, expected]);
          }
        }
        stock.dispose();
        tf.dispose([x, factors, state, mask, weights]);
      });
    });

    it.each(names)('gives states, takes them, and goes backwards: %s', async (name) => {
      const [make, run] = layerOf(name);
      for (const shape of [
        [2, 5, 6],
        [2, 5, 3, 6],
      ]) {
        for (const args of flags) {
          const layer = make(args);
          const x = randomTensor(randomKey('x'), shape);
          const inOrder = args.goBackwards ? turned(x) : x;
          layer.build(shape);
          const params = layerParams(layer);
          const first = run(inOrder, params);
          const second = run(inOrder, params, first.state);
          const outputs = ({ y, state }: Made) => [
            args.returnSequences ? y : last(y),
            ...(args.returnState ? state : []),
          ];
          const state = [...first.state];
          const calls = [
            [layer.apply(x), first],
            [layer.apply([x, ...state]), second],
            [layer.apply(x, { initialState: state }), second],
          ] as [tf.Tensor | tf.Tensor[], Made][];
          for (const [met, made] of calls) await expectAll(list(met), outputs(made), backend);
          const shapes = layer.computeOutputShape([x, ...state].map((of) => of.shape));
          expect(args.returnState ? shapes : [shapes]).toEqual(
            outputs(first).map((output) => output.shape),
          );
        }
      }
    });

    it.each(names)('in a model with states goes through save and load: %s', async (name) => {
      await expectNoLeak(async () => {
        const [make] = layerOf(name);
        const x = tfl.input({ shape: [5, 6] });
        const [, ...ends] = make({ returnState: true }).apply(x) as tfl.SymbolicTensor[];
        const backwards = make({ returnSequences: false, goBackwards: true });
        const y = backwards.apply([x, ...ends]) as tfl.SymbolicTensor;
        const again = make({ returnSequences: false }).apply(x, { initialState: ends });
        const model = tfl.model({ inputs: x, outputs: [y, again as tfl.SymbolicTensor] });
        const loaded = await reloadModel(model);
        const input = randomTensor(randomKey('x'), [2, 5, 6]);
        const met = loaded.predict(input) as tf.Tensor[];
        const expected = model.predict(input) as tf.Tensor[];
        await expectAll(met, expected, backend);
        const kept = [...(await (met[0] as tf.Tensor).data())];
        expect(kept.some((value) => Math.abs(value) > 1e-3)).toBe(true);
        tf.dispose([input, met, expected]);
        model.dispose();
        loaded.dispose();
      });
    });

    it.each(names)('counts no step that a mask leaves out: %s', async (name) => {
      const [make, run] = layerOf(name);
      const tokens = tf.tensor2d([0, 3, 0, 1, 2, 4, 2, 1, 0, 0], [2, 5]);
      const model = tfl.sequential({
        layers: [
          tfl.layers.embedding({ inputDim: 5, outputDim: 6, inputLength: 5, maskZero: true }),
          make(),
          make({ returnSequences: false }),
        ],
      });
      const loaded = await reloadModel(model);
      const vectors = (model.layers[0] as tfl.layers.Layer).apply(tokens) as tf.Tensor;
      const rows = [
        [1, 3, 4],
        [0, 1, 2],
      ].map((places, row) => {
        const alone = tf.gather(tf.slice(vectors, row, 1), tf.tensor1d(places, 'int32'), 1);
        return [1, 2].reduce(
          (x, at) => run(x, layerParams(model.layers[at] as tfl.layers.Layer)).y,
          alone as tf.Tensor,
        );
      });
      const expected = tf.concat(rows.map(last));
      for (const of of [model, loaded]) {
        await expectAll([of.predict(tokens) as tf.Tensor], [expected], backend);
      }
    });

    it('takes a mask of the steps of frames, and no mask of their tokens', async () => {
      const x = randomTensor(randomKey('x'), [2, 4, 3, 6]);
      const mask = tf.tensor2d([0, 1, 0, 1, 1, 1, 0, 0], [2, 4], 'bool');
      const layer = neverendRgLru({ heads: 2, seed: 1 });
      const met = layer.apply(x, { mask }) as tf.Tensor;
      const expected = rgLru(x, layerParams(layer), { mask: tf.cast(mask, 'float32') });
      await expectAll([met], [expected.y], backend);
      expect(() => layer.apply(x, { mask: tf.ones([2, 4, 3], 'bool') })).toThrow(
        'mask was [2, 4, 3]; it must be [2, 4]',
      );
    });

    it('learns from both directions of what a mask leaves', async () => {
      const model = tfl.sequential({
        layers: [
          tfl.layers.masking({ inputShape: [5, 4] }),
          tfl.layers.bidirectional({ layer: neverendRgLru({ heads: 2 }), mergeMode: 'sum' }),
          neverendRecurrentBlock({ heads: 2, returnSequences: false }),
        ],
      });
      await expectLearns(model);
      model.dispose();
    });

    it.each(backend === 'webgpu' ? ['NeverendRgLru'] : ['NeverendRgLru', 'GRU'])(
      'does not see a mask that ended in the encoder before it: %s',
      async (name) => {
        const decoder = neverendRgLru({ heads: 2, seed: 2 });
        const encoder =
          name === 'GRU'
            ? tfl.layers.gru({ units: 6 })
            : neverendRgLru({ heads: 2, seed: 1, returnSequences: false });
        const repeat = tfl.layers.repeatVector({ n: 5 });
        const tokens = tf.tensor2d([0, 3, 0, 1, 2, 4, 2, 1, 0, 0], [2, 5]);
        const first = tfl.sequential({
          layers: [
            tfl.layers.embedding({ inputDim: 5, outputDim: 6, inputLength: 5, maskZero: true }),
            encoder,
          ],
        });
        const code = first.predict(tokens) as tf.Tensor;
        const expected = decoder.apply(repeat.apply(code) as tf.Tensor) as tf.Tensor;
        const model = tfl.sequential({ layers: [...first.layers, repeat, decoder] });
        await expectAll([model.predict(tokens) as tf.Tensor], [expected], backend);
      },
    );

    it.each(names)(
      'goes both ways in layers.bidirectional, also after save and load: %s',
      async (name) => {
        const [make, run] = layerOf(name);
        const x = randomTensor(randomKey('x'), [2, 5, 6]);
        for (const args of flags) {
          const layer = tfl.layers.bidirectional({ layer: make(args), mergeMode: 'concat' });
          const input = tfl.input({ shape: [5, 6] });
          const outputs = layer.apply(input) as tfl.SymbolicTensor | tfl.SymbolicTensor[];
          const model = tfl.model({ inputs: input, outputs });
          const loaded = await reloadModel(model);
          // The weights of both directions start from one seed.
          const params = layerParams(
            (layer as unknown as { forwardLayer: tfl.layers.Layer }).forwardLayer,
          );
          const [ahead, back] = [run(x, params), run(turned(x), params)];
          const [first, second] = args.goBackwards ? [back, ahead] : [ahead, back];
          const ends = args.returnSequences
            ? [first.y, turned(second.y)]
            : [last(first.y), last(second.y)];
          const states = args.returnState ? [...first.state, ...second.state] : [];
          for (const of of [model, loaded]) {
            const met = list(of.predict(x) as tf.Tensor | tf.Tensor[]);
            await expectAll(met, [tf.concat(ends, -1), ...states], backend);
            expect(list(outputs).map(({ shape }) => shape)).toEqual(
              met.map(({ shape: [, ...rest] }) => [null, ...rest]),
            );
          }
        }
        // From states of both directions.
        const layer = tfl.layers.bidirectional({ layer: make(), mergeMode: 'sum' });
        layer.apply(x);
        const params = layerParams(
          (layer as unknown as { forwardLayer: tfl.layers.Layer }).forwardLayer,
        );
        const { state } = run(x, params);
        const met = layer.apply(x, { initialState: [...state, ...state] }) as tf.Tensor;
        const both = [run(x, params, state).y, turned(run(turned(x), params, state).y)] as const;
        await expectAll([met], [tf.add(...both)], backend);
        // The same in a model, whose inputs they are.
        const inputs = [x, ...state, ...state];
        const symbols = inputs.map(({ shape: [, ...shape] }) => tfl.input({ shape }));
        const outputs = layer.apply(symbols) as tfl.SymbolicTensor;
        const model = tfl.model({ inputs: symbols, outputs });
        const loaded = await reloadModel(model);
        for (const of of [model, loaded]) {
          await expectAll([of.predict(inputs) as tf.Tensor], [met], backend);
        }
      },
    );

    it.each(names)(
      'goes through layers.timeDistributed, also after save and load: %s',
      async (name) => {
        const [make, run] = layerOf(name);
        const x = randomTensor(randomKey('x'), [2, 3, 5, 6]);
        const layer = make({ returnSequences: false });
        const model = tfl.sequential({
          layers: [tfl.layers.timeDistributed({ layer, inputShape: [3, 5, 6] })],
        });
        const loaded = await reloadModel(model);
        const { y } = run(tf.reshape(x, [6, 5, 6]), layerParams(layer));
        const expected = tf.reshape(last(y), [2, 3, 6]);
        for (const of of [model, loaded]) {
          await expectAll([of.predict(x) as tf.Tensor], [expected], backend);
        }
      },
    );
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('a recurrent layer', () => {
  beforeAll(() => useBackend('cpu'));

  it('hands its mask on with its steps, in their order, and with nothing else', async () => {
    const mask = tf.tensor2d([1, 1, 0, 0, 1, 1], [2, 3], 'bool');
    const x = tf.zeros([2, 3, 4]);
    const of = async (args: RecurrentArgs) => {
      const masks = list(neverendRgLru({ heads: 1, ...args }).computeMask(x, mask));
      return Promise.all(masks.map(async (one) => (one === null ? null : [...(await one.data())])));
    };
    expect(await of({})).toEqual([[1, 1, 0, 0, 1, 1]]);
    expect(await of({ goBackwards: true })).toEqual([[0, 1, 1, 1, 1, 0]]);
    expect(await of({ returnState: true })).toEqual([[1, 1, 0, 0, 1, 1], null]);
    expect(await of({ returnSequences: false })).toEqual([null]);
  });

  it('refuses what it cannot do by name', () => {
    const make = (args: object) => () => neverendRgLru({ heads: 2, ...args });
    expect(make({ stateful: true })).toThrow('stateful was true; it must be false');
    expect(make({ stateful: false })).not.toThrow();
    expect(make({ returnSequences: 'no' })).toThrow(
      'returnSequences was "no"; it must be true or false',
    );
    for (const option of [
      'kernelRegularizer',
      'recurrentConstraint',
      'dropout',
      'unroll',
      'cell',
    ]) {
      expect(make({ [option]: 1 })).toThrow(`NeverendRgLru has no option "${option}"`);
    }
    const x = tf.zeros([2, 3, 4]);
    expect(() => make({ name: 'it' })().apply([x, x, x])).toThrow(
      'the layer "it" was given 3 inputs; NeverendRgLru takes 1 (x) or 2 (x, the initial state (the last outputs))',
    );
    expect(() => make({})().apply([x, tf.zeros([2, 5])])).toThrow(
      'the initial state (the last outputs) was [2, 5]; it must be [2, 4]',
    );
    // Also while a model is built.
    const input = (...shape: number[]) => tfl.input({ shape });
    expect(() => make({})().apply([input(3, 4), input(5)])).toThrow(
      'the initial state (the last outputs) was [null, 5]; it must be [null, 4]',
    );
    expect(() => make({})().apply(input(4))).toThrow(
      'x was [null, 4]; it must be [rows, T, E] or [B, T, N, E]',
    );
    expect(() => neverendLinearScan().apply(x)).toThrow(
      'was given 1 input; NeverendLinearScan takes 2 (x, a) or 3 (',
    );
    const layer = neverendRgLru({ heads: 2, name: 'it' });
    expect(() => layer.apply([x, tfl.input({ shape: [4] })] as tf.Tensor[])).toThrow(
      'the layer "it" was given symbolic tensors and others; all must be symbolic or none',
    );
    // Two states for each direction, where one has one.
    const states = [1, 2, 3, 4].map(() => input(4));
    expect(() =>
      tfl.layers.bidirectional({ layer, mergeMode: 'concat' }).apply([input(3, 4), ...states]),
    ).toThrow('the layer "forward_it" was given 5 inputs; NeverendRgLru takes 1 (x) or 2 (');
  });

  it('takes what every layer takes', () => {
    const layer = neverendRgLru({
      heads: 2,
      batchInputShape: [3, 4, 6],
      trainable: false,
      dtype: 'float32',
    });
    const model = tfl.sequential({ layers: [layer] });
    expect(model.inputs[0]?.shape).toEqual([3, 4, 6]);
    expect(layer.trainableWeights).toEqual([]);
    expect(layer.weights.length).toBe(5);
  });
});
