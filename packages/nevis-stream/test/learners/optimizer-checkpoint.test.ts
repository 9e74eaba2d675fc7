import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import type { NamedArray } from '@neverend/checkpoint';
import { readSafetensors, writeSafetensors } from '@neverend/checkpoint/node';
import { AdamW, LazyAdam, type NamedState } from '@neverend/optim';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';

beforeAll(() => useBackend('cpu'));

async function toArrays(state: NamedState): Promise<Record<string, NamedArray>> {
  const arrays: Record<string, NamedArray> = {};
  for (const [name, tensor] of Object.entries(state)) {
    const { shape } = tensor;
    arrays[name] =
      tensor.dtype === 'int32'
        ? { dtype: 'int32', shape, data: (await tensor.data<'int32'>()).slice() }
        : { dtype: 'float32', shape, data: (await tensor.data<'float32'>()).slice() };
  }
  return arrays;
}

it('the state of dense and row optimisers goes through a safetensors file', async () => {
  const [w, rows] = [tf.variable(tf.ones([3, 2]), true, 'a/w'), tf.ones([1, 2])];
  const dense = new AdamW({ learningRate: 0.1 });
  const sparse = new LazyAdam({ learningRate: 0.1 });
  dense.applyGradients({ 'a/w': tf.ones([3, 2]) });
  await sparse.applyGradients({ 'a/w': { indices: Int32Array.of(1), rows } });
  const folder = await mkdtemp(join(tmpdir(), 'optimizer-'));
  const pairs = [
    { from: dense, to: new AdamW({ learningRate: 0.1 }) },
    { from: sparse, to: new LazyAdam({ learningRate: 0.1 }) },
  ];
  for (const { from, to } of pairs) {
    const saved = await toArrays(from.state());
    await writeSafetensors(join(folder, 'state.safetensors'), saved);
    const { tensors } = await readSafetensors(join(folder, 'state.safetensors'));
    const state = Object.fromEntries(
      Object.entries(tensors).map(([name, { data, shape, dtype }]) => {
        if (dtype !== 'float32' && dtype !== 'int32') throw new Error(`${name} is ${dtype}`);
        return [name, tf.tensor(data, [...shape], dtype)];
      }),
    );
    await to.restore(state);
    expect(await toArrays(to.state())).toEqual(saved);
    expect(to.step).toBe(1);
    to.dispose();
    from.dispose();
    tf.dispose(state);
  }
  await rm(folder, { recursive: true });
  tf.dispose([w, rows]);
});
