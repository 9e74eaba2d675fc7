import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { select } from '../../src/backends/select.ts';
import { bounded, starts } from '../../src/backends/start.ts';
import { useBackend } from '../../src/index.ts';
import { choose } from '../../src/use-backend.ts';

const forever = new Promise<never>(() => undefined);

it('a start that does not end is given up, and the calls behind it have their turn', async () => {
  tf.registerBackend('webgl', () => forever, 0);
  const stuck = bounded(
    'webgl',
    async () => {
      await select('webgl');
      return forever;
    },
    200,
  );
  const failing = choose('webgl', {}, { ...starts, webgl: stuck });
  await expect(failing).rejects.toThrow('it did not start within 0.2 s');
  // TensorFlow.js waits for it no longer, and computes on another.
  expect((await useBackend('cpu')).name).toBe('cpu');
  expect([...tf.add(tf.ones([2]), 1).dataSync()]).toEqual([2, 2]);
  expect(tf.findBackendFactory('webgl')).not.toBeNull();
});

it('what is left of it does not take the place of the next', async () => {
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const late = held.then(() => select('cpu'));
  const slow = bounded('cpu', () => late.then(() => forever), 100);
  expect(await slow({})).toMatchObject({ available: false });
  goOn();
  await expect(late).rejects.toThrow('the start of "cpu" was given up');
});

it('time in which this thread computes does not count', async () => {
  const busy = bounded(
    'cpu',
    async () => {
      const end = performance.now() + 500;
      while (performance.now() < end);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { available: false, name: 'cpu', reason: 'it ended' };
    },
    200,
  );
  expect(await busy({})).toMatchObject({ reason: 'it ended' });
});

it('a start of the application that does not end does not hold up its next call', async () => {
  tf.registerBackend('stuck', () => forever, 0);
  void tf.setBackend('stuck');
  expect((await useBackend('cpu')).name).toBe('cpu');
  expect([...tf.add(tf.ones([2]), 1).dataSync()]).toEqual([2, 2]);
});
