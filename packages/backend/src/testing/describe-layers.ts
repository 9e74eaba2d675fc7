import * as tf from '@tensorflow/tfjs-core';
import { input, layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomKey } from '../random.ts';
import { useBackend } from '../use-backend.ts';
import { expectTensorClose } from './expect-close.ts';
import { randomTensor } from './random-tensor.ts';
import { reloadModel } from './reload-model.ts';

/** How to make a layer, and what it reads. */
export interface LayerExample {
  /** Arguments without which it is not made, or under which it computes what others compute. */
  readonly args?: object;
  /** The shapes of its inputs, without rows. */
  readonly inputs: readonly (readonly number[])[];
  /** The shapes of inputs that may follow, all or none, without rows. */
  readonly optionalInputs?: readonly (readonly number[])[];
}

type Factory = (args?: object) => layers.Layer;

/**
 * What all layers of a package have in common: errors that name arguments and inputs which are missing, wrong or too many, shapes that are nobody's but the
 * asker's, and `layers.timeDistributed` around them. Call it with the package's `register` module, at the top level of a test file.
 *
 * @param examples of every layer, by the names of their factories: one that is missing is a failure.
 */
export function describeLayers(
  register: object,
  examples: Readonly<Record<string, LayerExample>>,
): void {
  const factories = Object.entries(register).filter(([name]) => name.startsWith('neverend'));
  const cases = factories.map(([name, make]) => ({
    name,
    make: make as Factory,
    example: examples[name] as LayerExample,
  }));

  describe('a layer', () => {
    beforeAll(() => useBackend('cpu'));

    it('has an example', () => {
      expect(Object.keys(examples).sort()).toEqual(factories.map(([name]) => name).sort());
    });

    it.each(cases)('$name names an argument that is missing', ({ make, example }) => {
      const { args = {} } = example;
      const needed = Object.keys(args).filter((name) => {
        const { [name]: _, ...others } = args as Record<string, unknown>;
        return messageOf(() => make(others)) !== undefined;
      });
      const missing = new RegExp(`^(${needed.join('|')}) was (not given|undefined); it must be `);
      for (const nothing of [undefined, null, {}] as (object | undefined)[]) {
        const message = messageOf(() => make(nothing));
        if (needed.length === 0) expect(message).toBeUndefined();
        else expect(message).toMatch(missing);
      }
      for (const name of needed) {
        const message = messageOf(() => make({ ...args, [name]: undefined }));
        expect(message).toMatch(new RegExp(`^${name} was (not given|undefined); it must be `));
      }
    });

    it.each(cases)('$name names an argument that is wrong', ({ make, example }) => {
      const known = messageOf(() => make({ ...example.args, unknown: 1 }))?.split('it takes ')[1];
      const names = (known ?? '').split(', ').filter((name) => !ofStockLayers.includes(name));
      const wrong = [
        Number.NaN,
        -1,
        0.5,
        Number.POSITIVE_INFINITY,
        'no',
        '',
        {},
        [],
        [[1]],
        [-1],
        null,
        true,
        () => 1,
      ];
      const unnamed = names.flatMap((name) =>
        wrong.flatMap((value) => {
          const message = messageOf(() => make({ ...example.args, [name]: value }));
          return message === undefined || message.includes(name) ? [] : [`${name}: ${message}`];
        }),
      );
      expect(unnamed).toEqual([]);
    });

    it.each(cases)('$name refuses a seed that is no integer', ({ make, example }) => {
      const of = (seed: unknown) => () => make({ ...example.args, seed });
      if (messageOf(of(1))?.includes('has no option "seed"')) return;
      for (const seed of [0, -1, 2 ** 40, undefined, null]) expect(of(seed)).not.toThrow();
      for (const seed of [Number.NaN, 1.5, 2 ** 53, 'x', '1', true, [1], {}]) {
        expect(of(seed)).toThrow(/^seed was .+; it must be an integer$/);
      }
    });

    it.each(cases)(
      '$name refuses more and fewer inputs than it takes, also in a model',
      ({ make, example: { args, inputs, optionalInputs = [] } }) => {
        const shapes = [...inputs, ...optionalInputs];
        const taken = [inputs.length, shapes.length];
        for (let count = 0; count <= shapes.length + 2; count++) {
          const given = Array.from({ length: count }, (_, at) => shapes[at] ?? [4, 6]);
          for (const all of [
            given.map((shape) => tf.ones([2, ...shape])),
            given.map((shape) => input({ shape: [...shape] })),
          ]) {
            const apply = () => make({ ...args, name: 'it' }).apply(all as tf.Tensor[]);
            if (taken.includes(count)) {
              expect(apply).not.toThrow();
              continue;
            }
            const message = messageOf(apply);
            expect(message).toMatch(/^the layer "it" was given .+; Neverend\w+ takes \d \(.+\)$/);
            expect(message).toContain(`was given ${count} input${count === 1 ? '' : 's'};`);
            for (const most of taken) expect(message).toMatch(new RegExp(`(takes|or) ${most} `));
          }
        }
      },
    );

    it.each(cases)('$name says what it was given that is no tensor', ({ make, example }) => {
      for (const wrong of [null, undefined, 3, 'x', {}, [[1, 2]], [[1], [2]]]) {
        const layer = make({ ...example.args, name: 'it' });
        const refused = /^[^;]+ of the layer "it" was [^;]+; it must be a tensor$/;
        expect(() => layer.apply(wrong as unknown as tf.Tensor)).toThrow(refused);
        const last = example.inputs.map((shape) => tf.ones([2, ...shape]));
        last.splice(-1, 1, [wrong].flat()[0] as tf.Tensor);
        expect(() => layer.apply(last)).toThrow(refused);
      }
    });

    it.each(cases)('$name gives no shape away that it was asked about', ({ make, example }) => {
      const asked = example.inputs.map((shape) => [null, ...shape]);
      const told = structuredClone(asked);
      const layer = make(example.args);
      const shapes = layer.computeOutputShape(asked.length === 1 ? (asked[0] as number[]) : asked);
      for (const part of shapes) if (Array.isArray(part)) part.fill(99);
      shapes.fill(99 as never);
      expect(asked).toEqual(told);
    });

    it.each(cases.filter(({ example }) => example?.inputs.length === 1))(
      '$name goes through layers.timeDistributed, also after save and load',
      async ({ make, example }) => {
        const layer = make(example.args);
        const shape = [...(example.inputs[0] ?? [])];
        const x = randomTensor(randomKey('x'), [2, 3, ...shape]);
        const around = layers.timeDistributed({ layer, inputShape: [3, ...shape] });
        const model = sequential({ layers: [around] });
        const loaded = await reloadModel(model);
        const expected = layer.apply(tf.reshape(x, [6, ...shape])) as tf.Tensor;
        for (const one of [model, loaded]) {
          const y = tf.reshape(one.predict(x) as tf.Tensor, expected.shape);
          const close = { rtol: 1e-5, atol: 1e-6 };
          await expectTensorClose(y, { shape: expected.shape, data: await expected.data() }, close);
        }
      },
    );
  });
}

/** What every layer of tf.layers takes, which checks it by itself. */
const ofStockLayers = [
  'inputShape',
  'batchInputShape',
  'batchSize',
  'name',
  'trainable',
  'weights',
  'inputDType',
];

function messageOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
