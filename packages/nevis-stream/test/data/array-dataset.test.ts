import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayDataset, datasetKey, type Examples } from '../../src/data/array-dataset.ts';
import { DataError } from '../../src/data/data-error.ts';
import type { Dataset, TaskKey } from '../../src/types.ts';

const task: TaskKey = { name: 'signs', kind: 'single-label', numClasses: 4 };
const shape = [1, 2, 3] as const;

/** Examples whose bytes tell which one they are. */
function examples(count: number, first = 0): Examples {
  return {
    images: Uint8Array.from({ length: 6 * count }, (_, at) => 6 * first + at),
    labels: Int32Array.from({ length: count }, (_, at) => (first + at) % 4),
  };
}

const open = (...parts: Examples[]): Dataset => arrayDataset('signs_train', task, shape, parts);

it('names data sets as the benchmark does', () => {
  expect(datasetKey('MNIST-rot', 'train_and_dev')).toBe('MNIST_rot_train_and_dev');
  expect(datasetKey('a/b~c d-e', 'dev')).toBe('a_b_c_d_e_dev');
});

it('answers examples in the order that is asked for, repeats included', () => {
  const { images, labels } = open(examples(5)).batch([4, 0, 4]);
  expect([...labels]).toEqual([0, 0, 0]);
  expect([...images]).toEqual([24, 25, 26, 27, 28, 29, 0, 1, 2, 3, 4, 5, 24, 25, 26, 27, 28, 29]);
});

it('answers copies, which may be changed', () => {
  const dataset = open(examples(2));
  dataset.batch([1]).images.fill(0);
  expect([...dataset.batch([1]).images]).toEqual([6, 7, 8, 9, 10, 11]);
});

it('is the same data set however its examples are cut into parts', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 5 }), (counts) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      let first = 0;
      const parts = counts.map((count) => {
        first += count;
        return examples(count, first - count);
      });
      const whole = open(examples(total));
      const cut = open(...parts);
      expect([cut.size, cut.sha256]).toEqual([whole.size, whole.sha256]);
      const all = [...Array(total).keys()].reverse();
      expect(cut.batch(all)).toEqual(whole.batch(all));
    }),
  );
});

it('hashes shape, images, and labels as little-endian integers', () => {
  const bytes = Buffer.from([...Buffer.from('1,2,3;'), 0, 1, 2, 3, 4, 5, 2, 0, 0, 0]);
  const { sha256 } = open({ images: examples(1).images, labels: Int32Array.of(2) });
  expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
});

it('has another hash when a pixel, a label or the shape differs', () => {
  const { images, labels } = examples(3);
  const hashes = [
    open({ images, labels }),
    open({ images: images.with(7, 0), labels }),
    open({ images, labels: labels.with(0, 3) }),
    arrayDataset('signs_train', task, [2, 1, 3], [{ images, labels }]),
  ].map(({ sha256 }) => sha256);
  expect(new Set(hashes).size).toBe(4);
});

it('may be empty', () => {
  const dataset = open(examples(0));
  expect(dataset.size).toBe(0);
  expect(dataset.batch([])).toEqual({ images: new Uint8Array(), labels: new Int32Array() });
});

describe('an index outside of the data set', () => {
  it.each([-1, 5, 0.5, Number.NaN])('is refused when it is %s', (index) => {
    expect(() => open(examples(2), examples(3, 2)).batch([0, index])).toThrow(
      `indices[1] is ${index}; an index into signs_train must be an integer of at least 0 and below 5`,
    );
  });
});

it('refuses images that do not fit the labels', () => {
  expect(() => open({ images: new Uint8Array(11), labels: new Int32Array(2) })).toThrow(
    new DataError('signs_train has 11 bytes of images; 2 images of 1 x 2 x 3 must have 12'),
  );
});

it.each([-1, 4])('refuses the label %s of 4 classes', (label) => {
  const { images, labels } = examples(2);
  expect(() => open({ images, labels: labels.with(1, label) })).toThrow(
    new DataError(
      `signs_train has the label ${label} at 1; a label must be an integer of at least 0 and below 4`,
    ),
  );
});
