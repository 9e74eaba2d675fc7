import { fileURLToPath } from 'node:url';
import { randomKey, useBackend } from '@neverend/backend';
import {
  describeBackends,
  expectCloseToScale,
  expectNoLeak,
  expectTensorClose,
  officialTolerances,
  randomTensor,
} from '@neverend/backend/testing';
import { readNpz } from '@neverend/checkpoint/node';
import { type Params, rmsNorm } from '@neverend/nn';
import { initMemory, type PickOrder, retrievalBuffers, rowGradients } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { allExperts, growExperts, initPeer, type PeerConfig, peer } from '../src/index.ts';

// Numbers of the published codes of PEER (PyTorch, float64, rounded): parameters, outputs, and the gradients of sum(cotangent · y). notes.json in the
// file says which code each group is of.

const arrays = new Map<string, { shape: readonly number[]; data: Float32Array }>();
const file = fileURLToPath(new URL('golden/official-peer.npz', import.meta.url));
for await (const [name, { shape, data }] of readNpz(file)) {
  if (data instanceof Float32Array) arrays.set(name, { shape, data });
}

function tensor(name: string): tf.Tensor {
  const found = arrays.get(name);
  if (found === undefined) throw new Error(`the golden file has no ${name}`);
  return tf.tensor(found.data, [...found.shape]);
}

const [D, H, C, n, k] = [16, 3, 8, 12, 4];
type Source = readonly [ours: string, theirs: string, make: (theirs: tf.Tensor) => tf.Tensor];

/** Columns of their queries are (half, head, number); their keys are `[head, n, half, number]`. */
const pytorch: readonly Source[] = [
  [
    'query/kernel',
    'to_queries.0.weight',
    (w) => tf.transpose(tf.reshape(tf.transpose(w), [D, 2, H, C]), [0, 2, 1, 3]),
  ],
  ['keys/0', 'keys', (keys) => tf.squeeze(tf.slice(keys, [0, 0, 0, 0], [-1, -1, 1, -1]), [2])],
  ['keys/1', 'keys', (keys) => tf.squeeze(tf.slice(keys, [0, 0, 1, 0], [-1, -1, 1, -1]), [2])],
  ['down', 'weight_down_embed.weight', tf.clone],
  ['up', 'weight_up_embed.weight', tf.clone],
];
const half = (set: number) => (keys: tf.Tensor) =>
  tf.squeeze(tf.slice(tf.reshape(keys, [H, 2, n, C]), [0, set, 0, 0], [-1, 1, -1, -1]), [1]);
const meta: readonly Source[] = [
  [
    'query/kernel',
    'query_proj.query_mlps.0.weight',
    (w) => tf.reshape(tf.transpose(w), [D, H, 2, C]),
  ],
  ['query/bias', 'query_proj.query_mlps.0.bias', (b) => tf.reshape(b, [H, 2, C])],
  ['keys/0', 'keys', half(0)],
  ['keys/1', 'keys', half(1)],
  ['down', 'values_u.weight', tf.clone],
  ['up', 'values_v.weight', tf.clone],
];
const norm: Source = ['norm', 'norm.gamma', tf.clone];

const config: PeerConfig = { heads: H, k, sizes: [n, n], keyWidth: C, norm: 'none', bias: false };
const groups: readonly (readonly [string, PeerConfig, readonly Source[]])[] = [
  ['peer_softmax', config, pytorch],
  ['peer_per_head_tables_prenorm', { ...config, splitTables: true }, [...pytorch, norm]],
  ['peer_meta', { ...config, bias: true }, meta],
];

await describeBackends('the PEER layer', (backend) => {
  it.each(groups)(
    'has the numbers of the published code, forward and all gradients: %s',
    async (name, config, sources) => {
      await expectNoLeak(async () => {
        const made = (kind: 'param' | 'grad') =>
          sources.map(([, theirs, make]) =>
            tf.tidy(() => make(tensor(`${name}/${kind}/${theirs}`))),
          );
        const run = (x: tf.Tensor, values: readonly tf.Tensor[]) => {
          const params = Object.fromEntries(
            sources.map(([ours], at) => [ours, values[at]]),
          ) as Record<string, tf.Tensor>;
          const gamma = params['norm'];
          return tf.tidy(
            () => peer(gamma ? rmsNorm(x, tf.add(gamma, 1), { eps: 0 }) : x, params, config).y,
          );
        };
        const [x, y, dy, dx] = ['x', 'y', 'cotangent', 'dx'].map((of) =>
          tensor(`${name}/${of}`),
        ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const [params, expected] = [made('param'), made('grad')];
        const answer = run(x, params);
        const gradients = tf.grads((input: tf.Tensor, ...values: tf.Tensor[]) =>
          run(input, values),
        )([x, ...params], dy);
        const pairs = [
          ['y', answer, y] as const,
          ['x', gradients[0] as tf.Tensor, dx] as const,
          ...sources.map(
            ([ours], at) =>
              [ours, gradients[at + 1] as tf.Tensor, expected[at] as tf.Tensor] as const,
          ),
        ];
        for (const [of, actual, wanted] of pairs) {
          const numbers = { shape: wanted.shape, data: await wanted.data() };
          await expectCloseToScale(of, actual, numbers, officialTolerances[backend]);
        }
        tf.dispose([x, y, dy, dx, params, expected, answer, gradients]);
      });
    },
  );

  it('sorts the picks of experts of rank one once, for their four tables', async () => {
    await expectNoLeak(() => {
      const config: PeerConfig = {
        ...{ heads: 2, k: 3, sizes: [4, 5], keyWidth: 3, lowRankHidden: 5 },
      };
      const params = initPeer(randomKey(1), 6, config);
      const x = randomTensor(randomKey('x'), [7, 6]);
      const reads = vi.spyOn(tf.backend(), 'readSync');
      const readsOf = (order: PickOrder) => {
        reads.mockClear();
        tf.dispose(tf.tidy(() => peer(x, params, { ...config, order }).y));
        return reads.mock.calls.length;
      };
      // A first call may read what kernels are checked by.
      for (const order of ['row', 'token'] as const) readsOf(order);
      const sorts = readsOf('row') - readsOf('token');
      reads.mockRestore();
      expect(sorts).toBe(['wasm', 'tensorflow'].includes(backend) ? 1 : 0);
      tf.dispose([x, params]);
    });
  });

  it('with all experts active is the dense formula over the pool', async () => {
    await expectNoLeak(async () => {
      const [T, width, sizes] = [7, 5, [3, 4]];
      const all: PeerConfig = { heads: 1, k: 12, sizes, keyWidth: 2, norm: 'layer' };
      const params = initPeer(randomKey(1), width, all, { keys: { normal: 1 } });
      const x = randomTensor(randomKey('x'), [T, width]);
      const { y, retrieved } = peer(x, params, all);
      const { down, up } = params as { down: tf.Tensor; up: tf.Tensor };
      const expected = tf.tidy(() => {
        const hits = tf.oneHot(tf.reshape(retrieved.indices, [T, 12]) as tf.Tensor2D, 12);
        const gates = tf.sum(tf.mul(hits, tf.reshape(retrieved.gates, [T, 12, 1])), 1);
        return allExperts(x, gates, down, up);
      });
      await expectTensorClose(y, { shape: [T, width], data: await expected.data() });
      const sums = tf.sum(retrieved.gates, 2);
      await expectTensorClose(sums, { shape: [T, 1], data: Array(T).fill(1) });
      tf.dispose([params, x, y, expected, sums, retrieved.updates]);
      tf.dispose([retrieved.indices, retrieved.gates, retrieved.scores]);
    });
  });

  it.each([true, false])(
    'gives no gradient to running figures and key biases, whatever is trainable: training %s',
    async (training) => {
      await expectNoLeak(async () => {
        const config: PeerConfig = { heads: 2, k: 3, sizes: [3, 4], keyWidth: 2, keyBias: true };
        const params = tf.tidy(() =>
          Object.fromEntries(
            Object.entries(initPeer(randomKey(1), 4, config)).map(([name, value]) => [
              name,
              tf.variable(value, true, `buffers/${name}`),
            ]),
          ),
        );
        const { down, up } = params as Record<'down' | 'up', tf.Variable>;
        const x = randomTensor(randomKey('x'), [6, 4]);
        const { value, grads, rows } = await rowGradients(
          () =>
            tf.tidy(() => tf.sum(tf.square(peer(x, params, config, { training }).y)) as tf.Scalar),
          { tables: { down, up } },
        );
        const names = Object.keys(params).filter((name) => !['down', 'up'].includes(name));
        const buffers = retrievalBuffers(config);
        expect(buffers).toHaveLength(4);
        expect(Object.keys(grads).sort()).toEqual(
          names
            .filter((name) => !buffers.includes(name))
            .map((name) => `buffers/${name}`)
            .sort(),
        );
        tf.dispose([value, grads, rows.down.rows, rows.up.rows, x, params]);
      });
    },
  );

  it('is the same when experts and their keys change places', async () => {
    await expectNoLeak(async () => {
      const [T, width, n] = [6, 4, 5];
      const config: PeerConfig = { heads: 2, k: 3, sizes: [n, n], keyWidth: 3, norm: 'none' };
      const params = initPeer(randomKey(2), width, config, { keys: { normal: 1 } });
      const order = [3, 0, 4, 1, 2];
      const rows = order.flatMap((i) => order.map((j) => i * n + j));
      const moved = tf.tidy(() => ({
        ...params,
        'keys/0': tf.gather(params['keys/0'] as tf.Tensor, order, 1),
        'keys/1': tf.gather(params['keys/1'] as tf.Tensor, order, 1),
        down: tf.gather(params['down'] as tf.Tensor, rows),
        up: tf.gather(params['up'] as tf.Tensor, rows),
      }));
      const x = randomTensor(randomKey('x'), [T, width]);
      const [y, other] = [params, moved].map((of) => tf.tidy(() => peer(x, of, config).y)) as [
        tf.Tensor,
        tf.Tensor,
      ];
      await expectTensorClose(other, { shape: [T, width], data: await y.data() });
      tf.dispose([params, moved, x, y, other]);
    });
  });

  it.each<Partial<PeerConfig>>([{ sharedHidden: 3 }, { lowRankHidden: 5 }])(
    'keeps NaN in padding from other tokens, and from the gradients of all parameters: %o',
    async (options) => {
      await expectNoLeak(async () => {
        const width = 4;
        const config: PeerConfig = {
          ...{ heads: 2, k: 2, sizes: [3, 3], keyWidth: 3 },
          ...options,
        };
        const params = initPeer(randomKey(3), width, config, { keys: { normal: 1 } });
        const clean = randomTensor(randomKey('x'), [2, 3, width]);
        const mask = tf.tensor2d([
          [1, 1, 0],
          [1, 0, 0],
        ]);
        const spoilt = tf.tidy(() => {
          const counts = tf.reshape(tf.cast(mask, 'bool'), [2, 3, 1]);
          return tf.where(tf.broadcastTo(counts, clean.shape), clean, tf.fill([2, 3, width], NaN));
        });
        const names = Object.keys(params).filter(
          (name) => !retrievalBuffers(config).includes(name),
        );
        const all = (x: tf.Tensor) =>
          tf.tidy(() =>
            tf.grads((...values: tf.Tensor[]) => {
              const own = Object.fromEntries(names.map((name, at) => [name, values[at]]));
              const { y } = peer(x, { ...params, ...own } as Params, config, {
                training: true,
                mask,
              });
              return tf.sum(tf.mul(tf.square(y), tf.reshape(mask, [2, 3, 1])));
            })(names.map((name) => params[name] as tf.Tensor)),
          );
        const [expected, found] = [all(clean), all(spoilt)];
        for (const [at, gradient] of found.entries()) {
          const { shape } = expected[at] as tf.Tensor;
          const data = await (expected[at] as tf.Tensor).data();
          expect(data.every(Number.isFinite)).toBe(true);
          await expectTensorClose(gradient, { shape, data }, { rtol: 0, atol: 0 });
        }
        tf.dispose([params, clean, mask, spoilt, expected, found]);
      });
    },
  );
});

it('refuses tables that wasm has no room for, before they are made, and says what it has room for', async () => {
  await useBackend('wasm');
  const before = tf.memory().numBytes;
  const large: PeerConfig = { heads: 1, k: 2, sizes: [2048, 1024], keyWidth: 2 };
  expect(() => initPeer(randomKey(0), 256, large)).toThrow(
    /^there is no room for down \[2097152, 256\], up \[2097152, 256\], 4\.29 GB: .*; at most 20\d{5} items of these widths have$/,
  );
  expect(tf.memory().numBytes).toBe(before);
});

await describeBackends('a device whose largest binding has 1 MiB', () => {
  it('has room for 1024 experts of width 256, and more are refused before they are made', () => {
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    const largest = 2 ** 20;
    const { limits } = device;
    Object.defineProperty(device, 'limits', {
      value: { maxStorageBufferBindingSize: largest, maxBufferSize: 2 * largest },
      configurable: true,
    });
    const made = vi.spyOn(device, 'createBuffer');
    try {
      const config: PeerConfig = { heads: 2, k: 2, sizes: [32, 32], keyWidth: 2 };
      const params = initPeer(randomKey(0), 256, config);
      const before = tf.memory().numBytes;
      made.mockClear();
      const refused = (rows: number, most: number) =>
        `there is no room for down [${rows}, 256], up [${rows}, 256], ${((8 * rows * 256) / 1e9).toFixed(2)} GB: the largest binding of this webgpu device has 0.00 GB; at most ${most} items of these widths have`;
      const larger = { ...config, sizes: [32, 33] };
      expect(() => initPeer(randomKey(0), 256, larger)).toThrow(refused(1056, 1024));
      expect(() => initPeer(randomKey(0), 256, { ...config, splitTables: true })).toThrow(
        refused(2048, 512),
      );
      expect(() => growExperts(params, 256, config, [33, 32], randomKey(1))).toThrow(
        refused(1056, 1024),
      );
      expect(() => initMemory(randomKey(0), 256, larger)).toThrow(
        'there is no room for values [1056, 256]',
      );
      expect(made).not.toHaveBeenCalled();
      expect(tf.memory().numBytes).toBe(before);
      tf.dispose(params);
    } finally {
      made.mockRestore();
      Object.defineProperty(device, 'limits', { value: limits, configurable: true });
    }
  });
}, ['webgpu']);

it('refuses what does not fit, by name', () => {
  const x = tf.zeros([2, 4]);
  const small: PeerConfig = { heads: 1, k: 2, sizes: [2, 2], keyWidth: 2 };
  expect(() => peer(x, {}, { ...small, k: 5 })).toThrow('k was 5');
  expect(() => peer(x, {}, { ...small, norm: 'rms' as never })).toThrow('norm was "rms"');
  expect(() => peer(x, {}, { ...small, experts: 3 } as never)).toThrow('"experts"');
  expect(() => peer(x, {}, { ...small, momentum: 3 })).toThrow('momentum was 3');
  expect(() => peer(x, {}, { ...small, temperature: 1e-300 })).toThrow('temperature was 1e-300');
  expect(() => peer(x, {}, { ...small, order: 'rows' as never })).toThrow('order was "rows"');
  expect(() => peer(x, {}, { ...small, activation: 'tanh' as never })).toThrow(
    'activation was "tanh"',
  );
  expect(() => peer(x, {}, small)).toThrow('params["down"] was missing');
  for (const none of [undefined, null]) {
    expect(() => peer(x, {}, none as never)).toThrow(`the options of peer were ${none}`);
    expect(() => peer(x, none as never, small)).toThrow(`params was ${none}`);
    expect(() => initPeer(randomKey(0), 4, none as never)).toThrow(
      `the options of initPeer were ${none}`,
    );
  }
  expect(() => peer(undefined as never, {}, small)).toThrow('x was undefined');
  expect(() => peer(x, {}, { ...small, sizes: '55' as never })).toThrow(
    'sizes was "55"; it must be a list',
  );
  expect(() =>
    peer(x, {}, { ...small, heads: 8, sizes: [40_000, 40_000], splitTables: true }),
  ).toThrow('sizes [40000, 40000] of 8 tables are 12800000000 items; there must be below 2^31');
  x.dispose();
});
