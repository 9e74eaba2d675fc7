import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectTensorClose,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { TRecViT } from '../../src/index.ts';
import { startFrom } from '../../src/training/index.ts';
import { tiny } from '../tiny.ts';

const classNames = ['a', 'b', 'c', 'd', 'e'];
const equal = async (a: tf.Tensor | undefined, b: tf.Tensor | undefined, name: string) =>
  expect(await a?.data(), name).toEqual(await b?.data());

await describeBackends(
  'a start from another model',
  (backend) => {
    it('takes all but a new head for new classes', async () => {
      const model = TRecViT.init(tiny, randomKey(1));
      const config = { ...tiny, classes: 3 };
      const { params, taken, fresh, interpolated, left } = startFrom(model, config, randomKey(2));
      const head = ['decoder/cls_head/kernel', 'decoder/cls_head/bias'];
      expect(fresh.map(({ name }) => name).sort()).toEqual([...head].sort());
      expect(fresh[0]?.reason).toBe('it is for other classes');
      expect([...taken, ...head].sort()).toEqual(Object.keys(model.params).sort());
      expect(interpolated).toEqual([]);
      expect(left).toEqual([]);
      for (const name of taken) await equal(params[name], model.params[name], name);
      const drawn = TRecViT.init(config, randomKey(2));
      for (const name of head) await equal(params[name], drawn.params[name], name);
      // It is a model of its own.
      model.dispose();
      new TRecViT(config, params).dispose();
      drawn.dispose();
    });

    it('keeps the head where the classes are known to be the same', async () => {
      const model = TRecViT.init(tiny, randomKey(1));
      const from = { ...model, classNames };
      const same = startFrom(from, tiny, randomKey(2), { classNames });
      expect(same.fresh).toEqual([]);
      const turned = [...classNames].reverse();
      const other = startFrom(from, tiny, randomKey(2), { classNames: turned });
      expect(other.fresh).toHaveLength(2);
      tf.dispose([same.params, other.params]);
      model.dispose();
    });

    it('interpolates positions to another size, corners in place, and names what does not fit', async () => {
      const model = TRecViT.init(tiny, randomKey(1));
      const bigger = { ...tiny, imageSize: [12, 20], headWidth: 7, layers: 1 } as const;
      const { params, taken, fresh, interpolated, left } = startFrom(model, bigger, randomKey(2));
      const name = 'tokenizer/pos_embedding';
      expect(interpolated).toEqual([name]);
      expect(fresh).toContainEqual({
        name: 'decoder/pre_logits/kernel',
        reason: "the other model's is [8, 10], this one [8, 7]",
      });
      expect(fresh).toHaveLength(4);
      expect(left.length).toBeGreaterThan(0);
      expect(left.every((other) => /block_0?1\//.test(other))).toBe(true);
      expect(taken.length + interpolated.length + fresh.length).toBe(Object.keys(params).length);
      // 2 x 3 patches became 3 x 5: a row and two columns between the old ones, which are their means.
      const old = (await model.params[name]?.array()) as number[][][];
      const at = (row: number, column: number) => old[0]?.[3 * row + column] as number[];
      const mean = (...all: number[][]) =>
        (all[0] as number[]).map(
          (_, i) => all.reduce((sum, one) => sum + (one[i] as number), 0) / all.length,
        );
      const expected = [0, 0.5, 1].flatMap((row) =>
        [0, 0.5, 1, 1.5, 2].map((column) => {
          const [up, down] = [
            at(Math.floor(row), Math.floor(column)),
            at(Math.ceil(row), Math.floor(column)),
          ];
          const [up2, down2] = [
            at(Math.floor(row), Math.ceil(column)),
            at(Math.ceil(row), Math.ceil(column)),
          ];
          return mean(up, down, up2, down2);
        }),
      );
      const data = expected.flat();
      await expectTensorClose(
        params[name] as tf.Tensor,
        { shape: [1, 15, 8], data },
        tolerances[backend],
      );
      model.dispose();
      new TRecViT(bigger, params).dispose();
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
