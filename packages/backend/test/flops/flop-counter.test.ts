import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlopCounter, remat, useBackend } from '../../src/index.ts';
import { describeBackends } from '../../src/testing/index.ts';

function gate() {
  let resolve = () => {};
  const promise = new Promise<void>((open) => {
    resolve = open;
  });
  return { promise, resolve };
}

async function flopsOf(work: () => unknown): Promise<bigint> {
  const counter = new FlopCounter();
  await counter.count(() => tf.tidy(() => void work()));
  return counter.total;
}

await describeBackends('FLOPs counted from kernels equal hand counts', () => {
  const [B, D, E] = [7, 5, 3];

  it('of a fused product: once, also where its kernel is made of kernels', async () => {
    const [a, b, bias] = [tf.ones([B, D]), tf.ones([D, E]), tf.ones([E])];
    expect(await flopsOf(() => tf.fused.matMul({ a, b, bias }))).toBe(
      BigInt(2 * B * D * E + B * E),
    );
  });

  it.each([
    { stride: 1, pad: 'same', out: 6 },
    { stride: 2, pad: 'same', out: 3 },
    { stride: 1, pad: 'valid', out: 4 },
  ] as const)(
    'of a 3x3 convolution, stride $stride, $pad: forward and both gradients',
    async ({ stride, pad, out }) => {
      const [C, K] = [2, 4];
      const x = tf.ones([B, 6, 6, C]) as tf.Tensor4D;
      const filter = tf.ones([3, 3, C, K]) as tf.Tensor4D;
      const dy = tf.ones([B, out, out, K]) as tf.Tensor4D;
      const products = 2 * B * out * out * K * 3 * 3 * C;
      const conv = (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.conv2d(x, filter, stride, pad);
      expect(await flopsOf(() => conv(x, filter))).toBe(BigInt(products));
      const ofX = tf.grad((x) => conv(x as tf.Tensor4D, filter));
      expect(await flopsOf(() => ofX(x, dy))).toBe(BigInt(2 * products));
      const ofFilter = tf.grad((filter) => conv(x, filter as tf.Tensor4D));
      expect(await flopsOf(() => ofFilter(filter, dy))).toBe(BigInt(2 * products));
      tf.dispose([x, filter, dy]);
    },
  );

  it.each([
    {
      equation: 'ij,jk->ik',
      shapes: [
        [2, 3],
        [3, 4],
      ],
      flops: 2 * 2 * 3 * 4,
    },
    {
      equation: 'bhid,bhjd->bhij',
      shapes: [
        [2, 3, 4, 5],
        [2, 3, 6, 5],
      ],
      flops: 2 * 2 * 3 * 4 * 6 * 5,
    },
    { equation: 'i,j->ij', shapes: [[2], [3]], flops: 2 * 3 },
    { equation: 'ij,k->k', shapes: [[2, 3], [4]], flops: 2 * 3 + 4 },
    {
      equation: 'bij,jk->ik',
      shapes: [
        [2, 3, 4],
        [4, 5],
      ],
      flops: 2 * 3 * 4 + 2 * 3 * 4 * 5,
    },
    { equation: 'ij->i', shapes: [[2, 3]], flops: 6 },
    { equation: 'ij->ji', shapes: [[2, 3]], flops: 0 },
  ])('of einsum $equation, on every backend alike', async ({ equation, shapes, flops }) => {
    const operands = shapes.map((shape) => tf.ones(shape));
    expect(await flopsOf(() => tf.einsum(equation, ...operands))).toBe(BigInt(flops));
  });

  it('of a depthwise convolution: both gradients', async () => {
    const [x, filter] = [tf.ones([B, 6, 6, 2]), tf.ones([3, 3, 2, 2])];
    const products = 2 * B * 6 * 6 * 4 * 3 * 3;
    const gradients = tf.grads((x, filter) =>
      tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'),
    );
    const dy = tf.ones([B, 6, 6, 4]);
    expect(await flopsOf(() => gradients([x, filter], dy))).toBe(BigInt(3 * products));
  });

  it('of remat: the forward pass twice', async () => {
    const f = (x: tf.Tensor) => tf.sin(x);
    const once = await flopsOf(() => f(tf.ones([10])));
    const plain = await flopsOf(() => tf.grad(f)(tf.ones([10])));
    expect(await flopsOf(() => tf.grad(remat(f))(tf.ones([10])))).toBe(plain + once);
  });

  it('of pooling: the window per output element, in two and in three dimensions', async () => {
    const image = tf.ones([1, 4, 4, 1]) as tf.Tensor4D;
    const volume = tf.ones([1, 4, 4, 4, 1]) as tf.Tensor5D;
    // 2 x 2 outputs of 2 x 2 and of 3 x 2 windows; 2 x 2 x 2 outputs of 2 x 2 x 2 windows.
    expect(await flopsOf(() => tf.avgPool(image, 2, 2, 'valid'))).toBe(16n);
    expect(await flopsOf(() => tf.maxPool(image, [3, 2], [1, 2], 'valid'))).toBe(24n);
    expect(await flopsOf(() => tf.avgPool3d(volume, 2, 2, 'valid'))).toBe(64n);
    expect(await flopsOf(() => tf.maxPool3d(volume, [1, 2, 4], [2, 2, 1], 'valid'))).toBe(32n);
    tf.dispose([image, volume]);
  });
});

describe('a counter', () => {
  beforeAll(() => useBackend('cpu'));
  const add = () => tf.tidy(() => void tf.add(1, 2));
  const before = tf.engine().runKernel;
  afterEach(() => expect(tf.engine().runKernel).toBe(before));

  it('stays exact beyond 2^53', async () => {
    const counter = new FlopCounter();
    const engine = tf.engine();
    // No machine computes as much in a test: an engine that answers with the shapes alone.
    engine.runKernel = ((_name: string, { shape }: { shape: number[] }) => ({ shape })) as never;
    try {
      await counter.count(() => {
        for (const shape of [[2 ** 26, 2 ** 26], [2 ** 26, 2 ** 26], [1], [2]]) {
          engine.runKernel('Add', { shape } as never);
        }
      });
    } finally {
      engine.runKernel = before;
    }
    expect(counter.total).toBe(2n ** 53n + 3n);
  });

  it('names the kernels without a rule as soon as the work that ran them is done', async () => {
    const counter = new FlopCounter();
    const work = () =>
      tf.tidy(() => {
        tf.bincount(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([]), 3);
        tf.add(1, 2);
      });
    await expect(counter.count(work)).rejects.toThrow(
      'there is no FLOP rule for Bincount; the count would be too small',
    );
    expect(counter.total).toBe(1n);
    // What was missed is missed for good.
    await expect(counter.count(add)).rejects.toThrow('Bincount');
    await expect(new FlopCounter().count(add)).resolves.toBeUndefined();
  });

  it('stops after the work threw, and says what the work said', async () => {
    const counter = new FlopCounter();
    const work = () => {
      add();
      throw new Error('boom');
    };
    await expect(counter.count(work)).rejects.toThrow('boom');
    add();
    expect(counter.total).toBe(1n);
  });

  it('counts what runs within it when counters are nested, itself once', async () => {
    const [outer, inner] = [new FlopCounter(), new FlopCounter()];
    await outer.count(async () => {
      add();
      await inner.count(add);
      await outer.count(add);
      add();
    });
    expect([outer.total, inner.total]).toEqual([4n, 1n]);
  });

  it('counts what runs while it is on when counters overlap', async () => {
    const [a, b] = [new FlopCounter(), new FlopCounter()];
    const gates = [gate(), gate()] as const;
    const first = a.count(() => gates[0].promise);
    add();
    const second = b.count(() => gates[1].promise);
    add();
    gates[0].resolve();
    await first;
    add();
    gates[1].resolve();
    await second;
    add();
    expect([a.total, b.total]).toEqual([2n, 2n]);
  });
});
