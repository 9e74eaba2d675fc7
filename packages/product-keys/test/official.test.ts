import { fileURLToPath } from 'node:url';
import {
  describeBackends,
  expectCloseToScale,
  expectNoLeak,
  expectTensorClose,
  officialTolerances,
} from '@neverend/backend/testing';
import { readNpz } from '@neverend/checkpoint/node';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  type MemoryConfig,
  type MemoryResult,
  memory,
  productKeySearch,
  queryNetwork,
} from '../src/index.ts';

// Numbers of the published codes of product keys and memory layers (PyTorch, float64, rounded): parameters, outputs, and the gradients of
// sum(cotangent · y). notes.json in the file says which code each group is of.

interface Stored {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

const arrays = new Map<string, Stored>();
const file = fileURLToPath(new URL('golden/official-memory.npz', import.meta.url));
for await (const [name, { shape, data }] of readNpz(file)) {
  if (data instanceof Float32Array || data instanceof Int32Array) arrays.set(name, { shape, data });
}

function stored(name: string): Stored {
  const found = arrays.get(name);
  if (found === undefined) throw new Error(`the golden file has no ${name}`);
  return found;
}

const tensor = (name: string): tf.Tensor => {
  const { shape, data } = stored(name);
  return tf.tensor(data as Float32Array, [...shape]);
};

/** One of our parameters: which of theirs it is made of, and how. */
interface Source {
  readonly of: string;
  readonly make: (theirs: tf.Tensor) => tf.Tensor;
}

const [D, H, C, n, k] = [16, 3, 8, 12, 4];

const linear = (name: string, ours: string, shape?: number[]): Record<string, Source> => ({
  [`${ours}/kernel`]: {
    of: `${name}.weight`,
    make: (w) => (shape ? tf.reshape(tf.transpose(w), [D, ...shape]) : tf.transpose(w)),
  },
  [`${ours}/bias`]: {
    of: `${name}.bias`,
    make: (b) => (shape ? tf.reshape(b, shape) : tf.clone(b)),
  },
});

/** Keys `[head, half, n, C]`. */
const keysOf = (set: number): Source => ({
  of: 'keys',
  make: (keys) =>
    tf.squeeze(tf.slice(tf.reshape(keys, [H, 2, n, C]), [0, set, 0, 0], [-1, 1, -1, -1]), [1]),
});

const memorySources: Readonly<Record<string, Source>> = {
  ...linear('query_proj.query_mlps.0', 'query', [H, 2, C]),
  'keys/0': keysOf(0),
  'keys/1': keysOf(1),
  values: { of: 'values.weight', make: tf.clone },
};

const bare: MemoryConfig = { heads: H, k, sizes: [n, n], keyWidth: C, norm: 'none' };
const normed: MemoryConfig = { ...bare, norm: 'batch' };
const ofNorm = (ours: string, theirs: string): Record<string, Source> => ({
  [`query/norm/${ours}`]: { of: theirs, make: (x) => tf.reshape(x, [H, 2, C]) },
});
const normSources = {
  ...memorySources,
  ...ofNorm('scale', 'query_proj.query_mlps.1.weight'),
  ...ofNorm('shift', 'query_proj.query_mlps.1.bias'),
};
const running = (group: string, when: 'before' | 'after') => (name: string) =>
  tf.reshape(tensor(`${group}/buffer_${when}/query_proj.query_mlps.1.running_${name}`), [H, 2, C]);

const groups: readonly {
  readonly name: string;
  readonly config: MemoryConfig;
  readonly sources: Readonly<Record<string, Source>>;
  readonly training?: boolean;
}[] = [
  { name: 'memory_values', config: bare, sources: memorySources },
  {
    name: 'memory_plus',
    config: { ...bare, output: 'plus' },
    sources: {
      ...memorySources,
      ...linear('value_proj', 'output'),
      ...linear('swilu_projection', 'swish'),
    },
  },
  {
    name: 'memory_gated',
    config: { ...bare, output: 'gated' },
    sources: { ...memorySources, ...linear('gating', 'gate') },
  },
  { name: 'pkm_query_bn_train', config: normed, sources: normSources, training: true },
  { name: 'pkm_query_bn_eval', config: normed, sources: normSources },
];

await describeBackends('the published codes', (backend) => {
  const parts = officialTolerances[backend];
  const expectLike = async (name: string, actual: tf.Tensor, expected: tf.Tensor) => {
    const numbers = { shape: expected.shape, data: await expected.data() };
    // A bias before a batch norm does nothing: of its gradient there is nothing but rounding.
    if (numbers.data.every((value) => Math.abs(value) < 1e-12)) {
      await expectTensorClose(actual, numbers, { rtol: 0, atol: parts });
    } else await expectCloseToScale(name, actual, numbers, parts);
  };
  it.each(groups)(
    'have $name, forward and all gradients',
    async ({ name, config, sources, training = false }) => {
      await expectNoLeak(async () => {
        const made = (kind: 'param' | 'grad') =>
          Object.entries(sources).map(([, { of, make }]) =>
            tf.tidy(() => make(tensor(`${name}/${kind}/${of}`))),
          );
        const names = Object.keys(sources);
        const buffers =
          config.norm === 'batch'
            ? tf.tidy(() => {
                const before = running(name, 'before');
                return { 'query/norm/mean': before('mean'), 'query/norm/variance': before('var') };
              })
            : {};
        const run = (x: tf.Tensor, values: readonly tf.Tensor[]): MemoryResult =>
          memory(
            x,
            {
              ...Object.fromEntries(names.map((of, at) => [of, values[at] as tf.Tensor])),
              ...buffers,
            },
            config,
            { training },
          );
        const [x, y, dy, dx] = ['x', 'y', 'cotangent', 'dx'].map((of) =>
          tensor(`${name}/${of}`),
        ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const [params, expected] = [made('param'), made('grad')];
        const result = run(x, params);
        await expectLike('y', result.y, y);
        const gradients = tf.grads((input: tf.Tensor, ...values: tf.Tensor[]) =>
          tf.tidy(() => run(input, values).y),
        )([x, ...params], dy);
        for (const [at, gradient] of gradients.entries()) {
          await expectLike(`d ${at}`, gradient, at === 0 ? dx : (expected[at - 1] as tf.Tensor));
        }
        if (training) {
          for (const [of, theirs] of [
            ['mean', 'mean'],
            ['variance', 'var'],
          ] as const) {
            const after = tf.tidy(() => running(name, 'after')(theirs));
            await expectLike(of, result.retrieved.updates[`query/norm/${of}`] as tf.Tensor, after);
            after.dispose();
          }
        } else expect(result.retrieved.updates).toEqual({});
        tf.dispose([x, y, dy, dx, params, expected, result.y, gradients]);
        tf.dispose({ ...result.retrieved });
        tf.dispose(Object.values(buffers));
      });
    },
  );

  it('have three sets of keys', async () => {
    const name = 'product_keys_3_sets';
    const [heads, size, best] = [2, 6, 5];
    await expectNoLeak(async () => {
      const config = { heads, sets: 3, keyWidth: C, norm: 'none' } as const;
      // Theirs have the sets outside of the heads.
      const kernelOf = (w: tf.Tensor) =>
        tf.transpose(tf.reshape(tf.transpose(w), [D, 3, heads, C]), [0, 2, 1, 3]);
      const keySets = (keys: tf.Tensor) =>
        tf.unstack(keys).map((set) => tf.transpose(set, [1, 0, 2]));
      const of = (kind: 'param' | 'grad') =>
        tf.tidy(() => [
          kernelOf(tensor(`${name}/${kind}/pk.to_queries.0.weight`)),
          ...keySets(tensor(`${name}/${kind}/pk.keys`)),
        ]);
      const run = (x: tf.Tensor, kernel: tf.Tensor, keys: tf.Tensor[]) =>
        productKeySearch(queryNetwork(x, { kernel }, config).queries, keys, best);
      const [params, expected] = [of('param'), of('grad')];
      const [x, y, dy, dx] = ['x', 'y', 'cotangent', 'dx'].map((one) =>
        tensor(`${name}/${one}`),
      ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const [kernel, ...keys] = params as [tf.Tensor, ...tf.Tensor[]];
      const { scores, indices } = tf.tidy(() => ({ ...run(x, kernel, keys) }));
      await expectLike('scores', scores, y);
      // Theirs count the first set fastest.
      const theirs = Array.from(stored(`${name}/indices`).data, (index) => [
        index % size,
        Math.floor(index / size) % size,
        Math.floor(index / size ** 2),
      ]);
      expect([...(await indices.data())]).toEqual(
        theirs.map(([i = 0, j = 0, l = 0]) => (i * size + j) * size + l),
      );
      const gradients = tf.grads((input: tf.Tensor, w: tf.Tensor, ...sets: tf.Tensor[]) =>
        tf.tidy(() => run(input, w, sets).scores),
      )([x, kernel, ...keys], dy);
      for (const [at, gradient] of gradients.entries()) {
        await expectLike(`d ${at}`, gradient, at === 0 ? dx : (expected[at - 1] as tf.Tensor));
      }
      tf.dispose([x, y, dy, dx, params, expected, scores, indices, gradients]);
    });
  });
});
