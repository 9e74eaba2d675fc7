import { ShapeError, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { defineLayer } from '../src/layers/index.ts';
import { neverendLinear } from '../src/register.ts';

const seen: unknown[] = [];
const watching = (masks: true | 'steps') =>
  defineLayer({
    name: `NeverendTestWatch${masks}`,
    args: {},
    optionalInputs: ['other'],
    masks,
    forward: ([x], _, { mask }) => {
      seen.push(mask?.arraySync());
      return tf.clone(x);
    },
  });
const [watch, watchSteps] = [watching(true), watching('steps')];

const embedded = (tokens: tfl.SymbolicTensor) =>
  tfl.layers
    .embedding({ inputDim: 5, outputDim: 2, maskZero: true })
    .apply(tokens) as tfl.SymbolicTensor;

describe('the mask of a layer', () => {
  beforeAll(() => useBackend('cpu'));

  const { add, multiply, average, maximum, minimum, concatenate } = tfl.layers;
  const merges = { add, multiply, average, maximum, minimum, concatenate };
  it.each(Object.entries(merges))('says behind layers.%s what counts in all inputs', (_, merge) => {
    const [a, b, plain] = [[3], [3], [3, 2]].map((shape) => tfl.input({ shape })) as [
      tfl.SymbolicTensor,
      tfl.SymbolicTensor,
      tfl.SymbolicTensor,
    ];
    const of = { a: embedded(a), b: embedded(b), plain };
    const ofA = [
      [1, 0, 1],
      [1, 1, 0],
    ];
    const ofBoth = [
      [1, 0, 0],
      [0, 1, 0],
    ];
    for (const [parts, mask] of [
      [['a', 'plain'], ofA],
      [['plain', 'a'], ofA],
      [['a', 'b'], ofBoth],
      [['plain', 'b', 'a'], ofBoth],
      [['a', 'plain', 'b'], ofBoth],
    ] as const) {
      const merged = merge().apply(parts.map((part) => of[part])) as tfl.SymbolicTensor;
      const outputs = watch().apply(merged) as tfl.SymbolicTensor;
      const model = tfl.model({ inputs: [a, b, plain], outputs });
      seen.length = 0;
      const tokens = [
        [1, 0, 2, 3, 4, 0],
        [1, 2, 0, 0, 4, 0],
      ].map((row) => tf.tensor2d(row, [2, 3]));
      model.predict([...tokens, tf.ones([2, 3, 2])]);
      expect(seen, parts.join()).toEqual([mask]);
    }
  });

  it('is an error where it has another shape', () => {
    const bad = (layer: tfl.layers.Layer, x: number[], mask: number[]) => () =>
      layer.apply(tf.ones(x), { mask: tf.ones(mask, 'bool') });
    for (const mask of [[4, 5], [3, 6], [6], [4], [4, 6, 1], [1, 4, 6], [4, 6, 8]]) {
      expect(bad(neverendLinear({ units: 2, name: 'sums' }), [4, 6, 8], mask)).toThrow(
        new ShapeError(`mask of the layer "sums" was [${mask.join(', ')}]; it must be [4, 6]`),
      );
    }
    expect(bad(neverendLinear({ units: 2 }), [4, 6, 3, 8], [4, 3])).toThrow(
      'was [4, 3]; it must be [4, 6] or [4, 6, 3]',
    );
    expect(bad(watchSteps(), [4, 6, 3, 8], [6, 3])).toThrow('was [6, 3]; it must be [4, 6]');
    expect(bad(neverendLinear({ units: 2 }), [4, 8], [4, 8])).toThrow('it must be [4]');
    for (const [x, mask] of [
      [
        [4, 6, 3, 8],
        [4, 6],
      ],
      [
        [4, 6, 3, 8],
        [4, 6, 3],
      ],
      [[4, 8], [4]],
    ] as const) {
      expect(bad(neverendLinear({ units: 2 }), [...x], [...mask])).not.toThrow();
    }
    expect(() => neverendLinear({ units: 2 }).apply(tf.ones([2, 3]), { mask: [[1, 0]] })).toThrow(
      'was a list; it must be a tensor [2]',
    );
  });

  it('is an error in a model too where a layer hands on what does not fit', () => {
    class Turned extends tfl.layers.Layer {
      static readonly className = 'NeverendTestTurned';
      override supportsMasking = true;
      override computeMask(_: tf.Tensor, mask?: tf.Tensor[]): tf.Tensor {
        return (mask?.[0] ? tf.transpose(mask[0]) : null) as tf.Tensor;
      }
    }
    const model = tfl.sequential({
      layers: [tfl.layers.masking({ inputShape: [3, 2] }), new Turned({}), watch()],
    });
    expect(() => model.predict(tf.ones([2, 3, 2]))).toThrow('was [3, 2]; it must be [2, 3]');
  });

  it('is an error where it cannot be heard', () => {
    const mask = tf.ones([2, 3]);
    const x = tf.ones([2, 3, 2]);
    const none = defineLayer({
      name: 'NeverendTestNone',
      args: {},
      optionalInputs: ['other'],
      forward: ([y]) => tf.clone(y),
    });
    for (const [inputs, given] of [
      [x, mask],
      [[x, x], mask],
      [
        [x, x],
        [null, mask],
      ],
    ] as const) {
      expect(() => none({ name: 'sums' }).apply(inputs as tf.Tensor, { mask: given })).toThrow(
        'the layer "sums" was given a mask; NeverendTestNone takes none',
      );
    }
    expect(() => watch({ name: 'x' }).apply([x, x], { mask: [null, mask] })).toThrow(
      'the layer "x" was given a mask of inputs[1] alone; NeverendTestWatchtrue takes that of inputs[0]',
    );
    expect(() => watch().apply(tfl.input({ shape: [3, 2] }), { mask })).toThrow(
      'beside symbolic tensors; in a model it must be that of layers.masking or of an embedding',
    );
  });

  it('is one of its own also for a layer of a model, and one that a model left is none', () => {
    const layer = watch({ inputShape: [3, 2] });
    tfl.sequential({ layers: [layer] });
    const x = tf.ones([1, 3, 2]);
    const mask = tf.tensor2d([[1, 0, 1]]);
    expect(() => layer.apply(x, { mask: tf.ones([1, 2]) })).toThrow('was [1, 2]');
    seen.length = 0;
    layer.apply(x, { mask });
    layer.apply([x, x], { mask });
    expect(seen).toEqual([[[1, 0, 1]], [[1, 0, 1]]]);
    // What a model left may have any shape.
    layer.apply([x], { mask: tf.ones([1, 2]) });
    expect(seen.at(-1)).toBeUndefined();
  });

  it('ends where its tokens end', () => {
    const pool = defineLayer({
      name: 'NeverendTestPool',
      args: {},
      masks: true,
      forward: ([x]) => tf.mean(x, 1),
      outputShape: ([[rows = null, , width = null]]) => [rows, width],
    });
    const masking = tfl.layers.masking({ inputShape: [3, 2] });
    const model = tfl.sequential({ layers: [masking, pool(), watch()] });
    seen.length = 0;
    model.predict(tf.ones([2, 3, 2]));
    expect(seen).toEqual([undefined]);
  });

  it('is not that of the steps for what a recurrent layer gives as its state', () => {
    const tokens = tfl.input({ shape: [3] });
    const gru = tfl.layers.gru({ units: 3, returnSequences: true, returnState: true });
    const [steps, state] = gru.apply(embedded(tokens)) as [tfl.SymbolicTensor, tfl.SymbolicTensor];
    const none = defineLayer({ name: 'NeverendTestNone', args: {}, forward: ([y]) => tf.clone(y) });
    const outputs = [
      watch().apply(steps),
      watch().apply(state),
      none().apply(state),
    ] as tfl.SymbolicTensor[];
    seen.length = 0;
    tf.dispose(tfl.model({ inputs: tokens, outputs }).predict(tf.tensor2d([[1, 0, 2]])));
    expect(seen).toEqual([[[1, 0, 1]], undefined]);
  });
});
