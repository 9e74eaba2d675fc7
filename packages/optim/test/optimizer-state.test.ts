import '@tensorflow/tfjs-layers';
import { ShapeError } from '@neverend/backend';
import { describeBackends, expectNoLeak, expectTensorClose } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it } from 'vitest';
import {
  AdamW,
  ExponentialMovingAverage,
  LazyAdam,
  Lion,
  type NamedState,
  RowAdagrad,
  RowMovingAverage,
  RowSGD,
  SGD,
} from '../src/index.ts';
import { disposeVariables, numbers, variable } from './fixtures/variables.ts';

/** An optimiser of any kind, and one step of it on the variable `w`, whose second row has no gradient. */
interface Trainer {
  readonly owner: {
    readonly step: number;
    state(): Record<string, tf.Tensor>;
    restore(state: NamedState): Promise<void>;
    dispose(): void;
  };
  step(weight: tf.Variable): Promise<void>;
}

function dense(owner: AdamW | Lion | SGD): Trainer {
  return {
    owner,
    step: async (weight) => {
      const gradient = tf.tidy(() => tf.onesLike<tf.Tensor>(weight));
      owner.applyGradients({ [weight.name]: gradient });
      gradient.dispose();
    },
  };
}

const indices = Int32Array.of(0);

function sparse(owner: RowSGD | RowAdagrad | LazyAdam): Trainer {
  return {
    owner,
    step: async (weight) => {
      const rows = tf.ones([1, weight.shape[1] ?? 0]);
      await owner.applyGradients({ [weight.name]: { indices, rows } });
      rows.dispose();
    },
  };
}

/** Doubles the weight, so that an average of it moves. */
function double(weight: tf.Variable): void {
  tf.tidy(() => weight.assign(tf.mul(weight, 2)));
}

const trainers: Record<string, { make: () => Trainer; keys: readonly string[] }> = {
  AdamW: { make: () => dense(new AdamW({ learningRate: 0.1 })), keys: ['m', 'v'] },
  Lion: { make: () => dense(new Lion({ learningRate: 0.1 })), keys: ['m'] },
  SGD: { make: () => dense(new SGD({ learningRate: 0.1 })), keys: [] },
  'SGD with momentum': {
    make: () => dense(new SGD({ learningRate: 0.1, momentum: 0.9 })),
    keys: ['momentum'],
  },
  ExponentialMovingAverage: {
    make: () => {
      const owner = new ExponentialMovingAverage(0.5);
      const step = async (weight: tf.Variable) => {
        double(weight);
        owner.update([weight]);
      };
      return { owner, step };
    },
    keys: ['average'],
  },
  RowSGD: { make: () => sparse(new RowSGD({ learningRate: 0.1 })), keys: [] },
  RowAdagrad: { make: () => sparse(new RowAdagrad({ learningRate: 0.1 })), keys: ['sum'] },
  'row-wise RowAdagrad': {
    make: () => sparse(new RowAdagrad({ learningRate: 0.1, per: 'row' })),
    keys: ['sum'],
  },
  LazyAdam: { make: () => sparse(new LazyAdam({ learningRate: 0.1 })), keys: ['m', 'v', 'last'] },
  RowMovingAverage: {
    make: () => {
      const owner = new RowMovingAverage(0.5);
      const step = async (weight: tf.Variable) => {
        await owner.beforeStep({ [weight.name]: indices });
        double(weight);
      };
      return { owner, step };
    },
    keys: ['average', 'last'],
  },
};

const all = Object.entries(trainers).map(([name, trainer]) => ({ name, ...trainer }));
const start = { data: [1, 2, 3, 4], shape: [2, 2] };

/** The numbers of all tensors of a state. */
async function valuesOf(state: NamedState): Promise<Record<string, number[]>> {
  const entries = Object.entries(state).map(async ([name, tensor]) => [
    name,
    await numbers(tensor),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

/** What some steps from the start make of a variable `w` and of a fresh optimiser's state. */
async function run({ make }: { make: () => Trainer }, steps: number) {
  const [weight, trainer] = [variable('w', start), make()];
  for (let step = 0; step < steps; step++) await trainer.step(weight);
  const outcome = { weight: await numbers(weight), state: await valuesOf(trainer.owner.state()) };
  trainer.owner.dispose();
  disposeVariables();
  return outcome;
}

/** Copies of a state's tensors that live as long as the caller wants. */
function copied(state: NamedState): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(state).map(([name, tensor]) => [name, tf.clone(tensor)]),
  );
}

afterEach(disposeVariables);

await describeBackends('the state of an optimiser', () => {
  it.each(all)('has one form: $name', async ({ make, keys }) => {
    const { owner, step } = make();
    const weight = variable('w', start);
    await step(weight);
    await step(weight);
    const state = owner.state();
    expect(Object.keys(state)).toEqual(['iter', ...keys.map((key) => `w/${key}`), 'w/step']);
    for (const name of ['iter', 'w/step']) {
      expect(state[name]).toMatchObject({ shape: [], dtype: 'int32' });
      expect(await numbers(state[name])).toEqual([2]);
    }
    expect(owner.step).toBe(2);
    owner.dispose();
  });

  it.each(all)(
    'begins anew for a variable that is disposed and made again: $name',
    async (trainer) => {
      const once = await run(trainer, 1);
      await expectNoLeak(async () => {
        const { owner, step } = trainer.make();
        await step(variable('w', start));
        disposeVariables();
        const again = variable('w', start);
        await step(again);
        expect(await numbers(again)).toEqual(once.weight);
        const state = await valuesOf(owner.state());
        // An average counts all steps.
        const last = trainer.name === 'RowMovingAverage' ? { 'w/last': [1, -1] } : {};
        expect(state).toEqual({ ...once.state, ...last, iter: [2] });
        expect(owner.step).toBe(2);
        disposeVariables();
        owner.dispose();
      });
    },
  );

  it.each(all)('does not outlive tf.disposeVariables: $name', async ({ make }) => {
    const { owner, step } = make();
    await step(variable('w', start));
    tf.disposeVariables();
    expect(Object.keys(owner.state())).toEqual(['iter']);
    const again = variable('w', start);
    await step(again);
    expect(await numbers(owner.state()['w/step'])).toEqual([1]);
    owner.dispose();
  });

  it.each(all)('may be restored before the variables exist: $name', async (trainer) => {
    const expected = await run(trainer, 3);
    await expectNoLeak(async () => {
      const [first, second] = [trainer.make(), trainer.make()];
      const weight = variable('w', start);
      await first.step(weight);
      await first.step(weight);
      const state = copied(first.owner.state());
      const there = { data: await numbers(weight), shape: start.shape };
      first.owner.dispose();
      disposeVariables();

      await second.owner.restore(state);
      expect(await valuesOf(second.owner.state())).toEqual(await valuesOf(state));
      const again = variable('w', there);
      await second.step(again);
      expect(await numbers(again)).toEqual(expected.weight);
      expect(await valuesOf(second.owner.state())).toEqual(expected.state);
      // It was given to that one: the next begins anew.
      disposeVariables();
      await second.step(variable('w', there));
      expect(await numbers(second.owner.state()['w/step'])).toEqual([1]);
      second.owner.dispose();
      tf.dispose(state);
      disposeVariables();
    });
  });

  it.each(all)(
    'belongs to the variable that exists when it is restored: $name',
    async (trainer) => {
      const { owner, step } = trainer.make();
      const weight = variable('w', start);
      await step(weight);
      const state = copied(owner.state());
      await owner.restore(state);
      disposeVariables();
      expect(Object.keys(owner.state())).toEqual(['iter']);
      await step(variable('w', start));
      expect(await numbers(owner.state()['w/step'])).toEqual([1]);
      owner.dispose();
      tf.dispose(state);
    },
  );

  it.each(all.filter(({ keys }) => keys.length > 0))(
    'waits for the shape that fits, also where one of another shape comes first: $name',
    async ({ make }) => {
      const [first, second] = [make(), make()];
      await first.step(variable('w', start));
      const state = copied(first.owner.state());
      disposeVariables();
      await second.owner.restore(state);
      await second.step(variable('w', { data: [1, 2, 3, 4, 5, 6], shape: [3, 2] }));
      expect(await numbers(second.owner.state()['w/step'])).toEqual([1]);
      disposeVariables();
      await second.step(variable('w', start));
      expect(await numbers(second.owner.state()['w/step'])).toEqual([2]);
      first.owner.dispose();
      second.owner.dispose();
      tf.dispose(state);
    },
  );

  it('names all that does not fit in one error, and is then as it was', async () => {
    const weight = variable('w', start);
    variable('bias', { data: [1, 2], shape: [2] });
    const optimizer = new AdamW({ learningRate: 0.1 });
    await dense(optimizer).step(weight);
    const before = await valuesOf(optimizer.state());
    const [four, two, integers] = [tf.zeros([2, 2]), tf.zeros([2]), tf.zeros([2, 2], 'int32')];
    const [negative, half] = [tf.scalar(-1, 'int32'), tf.scalar(0.5)];
    const refused: readonly [NamedState, string][] = [
      [{}, '"iter" was missing'],
      [
        { iter: negative, 'w/m': four, 'x/v': four, momentum: two, 'w/sum': four },
        '"momentum" was not expected; "w/sum" was not expected; ' +
          '"iter" was -1; it must be one integer >= 0; "w/v" was missing; "x/m" was missing',
      ],
      [
        { iter: half, 'w/step': two, 'w/m': two, 'w/v': integers, 'bias/m': two, 'bias/v': two },
        '"iter" was 0.5; it must be one integer >= 0; ' +
          '"w/step" was of shape [2]; it must be one integer >= 0; ' +
          '"w/m" was [2]; it must be [2,2]; "w/v" was int32; it must be float32',
      ],
      // Of a variable that does not exist yet, what it has must agree.
      [
        { iter: optimizer.state()['iter'] as tf.Tensor, 'later/m': four, 'later/v': two },
        '"later/v" was [2]; it must be [2,2]',
      ],
    ];
    for (const [state, problems] of refused) {
      await expectNoLeak(async () => {
        await expect(optimizer.restore(state)).rejects.toThrow(
          new ShapeError(`the state does not fit: ${problems}`),
        );
      });
      expect(await valuesOf(optimizer.state())).toEqual(before);
    }
    const lazy = new LazyAdam({ learningRate: 0.1 });
    const iter = tf.scalar(1, 'int32');
    await expect(lazy.restore({ iter, 'w/m': two, 'w/v': four, 'w/last': two })).rejects.toThrow(
      new ShapeError(
        'the state does not fit: "w/m" was [2]; it must be [2,2]; "w/last" was [2]; it must be [2,1]',
      ),
    );
    for (const owner of [optimizer, lazy]) owner.dispose();
    tf.dispose([four, two, integers, negative, half, iter]);
  });

  it('of a model that is loaded does not mind variables of other models', async () => {
    variable('w', { data: [1, 2, 3], shape: [3] });
    const optimizer = new SGD({ learningRate: 0.1, momentum: 0.5 });
    const [iter, momentum] = [tf.scalar(1, 'int32'), tf.tensor1d([1])];
    const weights = [
      { name: 'iter', tensor: iter },
      { name: 'w/momentum', tensor: momentum },
    ];
    await optimizer.setWeights(weights);
    disposeVariables();
    const weight = variable('w', { data: [1], shape: [1] });
    await dense(optimizer).step(weight);
    // The sum is 0.5 * 1 + 1.
    await expectTensorClose(weight, [1 - 0.1 * 1.5]);
    optimizer.dispose();
    tf.dispose([iter, momentum]);
  });

  it.each([
    () => new AdamW({ learningRate: 0.1 }),
    () => new Lion({ learningRate: 0.1 }),
    () => new SGD({ learningRate: 0.1, momentum: 0.9 }),
  ])('costs no tensor when it is read for a model that is saved, %#', async (make) => {
    const optimizer = make();
    await dense(optimizer).step(variable('w', start));
    await dense(optimizer).step(variable('late', start));
    for (let save = 0; save < 3; save++) {
      await expectNoLeak(async () => {
        const weights = await optimizer.getWeights();
        expect(Object.fromEntries(weights.map(({ name, tensor }) => [name, tensor]))).toEqual(
          optimizer.state(),
        );
      });
    }
    optimizer.dispose();
  });
});
