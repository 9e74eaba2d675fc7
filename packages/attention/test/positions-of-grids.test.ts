import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  numbers,
  numericGradients,
  officialTolerances,
  poisonMemory,
  randomTensor,
  readGolden,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpolatePositions, sincosPositions } from '../src/index.ts';
import { expectLinear } from './row-properties.ts';

type Grid = readonly [rows: number, columns: number];
type Arrays = Readonly<Record<string, Float64Array>>;

const grids: readonly (readonly [from: Grid, to: Grid])[] = [
  [
    [3, 4],
    [5, 3],
  ],
  [
    [2, 2],
    [3, 7],
  ],
  [
    [4, 1],
    [2, 3],
  ],
];

/** What the four neighbours of each new place weigh by their distances, after one token; two numbers a place. */
function bilinearNaive(positions: Float64Array, from: Grid, to: Grid): Float64Array {
  const at = (row: number, column: number, d: number) =>
    positions[2 + 2 * (row * from[1] + column) + d] ?? 0;
  const moved: number[] = [...positions.slice(0, 2)];
  for (let row = 0; row < to[0]; row++) {
    for (let column = 0; column < to[1]; column++) {
      const y = (row * (from[0] - 1)) / (to[0] - 1);
      const x = (column * (from[1] - 1)) / (to[1] - 1);
      for (const d of [0, 1]) {
        let sum = 0;
        for (let i = 0; i < from[0]; i++) {
          for (let j = 0; j < from[1]; j++) {
            sum +=
              Math.max(0, 1 - Math.abs(y - i)) * Math.max(0, 1 - Math.abs(x - j)) * at(i, j, d);
          }
        }
        moved.push(sum);
      }
    }
  }
  return Float64Array.from(moved);
}

await describeBackends('the positions of a grid', (backend) => {
  it.each([
    [1e4, sincosPositions],
    [50, (grid: [number, number], width: number) => sincosPositions(grid, width, 50)],
  ])(
    'are sines and cosines of x and y, by hand for 2 x 3 tokens of width 8 and base %d',
    async (base, make) => {
      poisonMemory();
      const positions = make([2, 3], 8);
      // ω is 1 and 1 / base; row-major: token 5 is x = 2, y = 1.
      const of = (x: number, y: number) => [
        ...[Math.sin(x), Math.sin(x / base), Math.cos(x), Math.cos(x / base)],
        ...[Math.sin(y), Math.sin(y / base), Math.cos(y), Math.cos(y / base)],
      ];
      const data = [0, 1].flatMap((y) => [0, 1, 2].flatMap((x) => of(x, y)));
      await expectTensorClose(positions, { shape: [1, 6, 8], data });
      positions.dispose();
    },
  );

  it('keep their corners and what lies before the grid, and are linear in between', async () => {
    poisonMemory();
    await expectNoLeak(async () => {
      // A class token 9, then x + 10 y at 2 x 3 places.
      const positions = tf.tensor3d([9, 0, 1, 2, 10, 11, 12], [1, 7, 1]);
      const moved = interpolatePositions(positions, [2, 3], [3, 5], 1);
      const rows = [0, 5, 10].flatMap((y) => [0, 0.5, 1, 1.5, 2].map((x) => x + y));
      await expectTensorClose(moved, { shape: [1, 16, 1], data: [9, ...rows] });
      tf.dispose([positions, moved]);
    });
  });

  it('on another grid are those of bilinear interpolation, with its gradient', async () => {
    poisonMemory();
    for (const [from, to] of grids) {
      const shape = (grid: Grid) => [1, 1 + grid[0] * grid[1], 2];
      const inputs = { positions: normalInput(randomKey('p'), shape(from)) };
      const dy = normalInput(randomKey('dy'), shape(to));
      const naive = ({ positions }: Arrays) => bilinearNaive(positions as Float64Array, from, to);
      await expectLikeReference({
        op: ({ positions }) => interpolatePositions(positions as tf.Tensor, from, to, 1),
        inputs,
        dy,
        y: naive(numbers(inputs)),
        gradients: numericGradients(inputs, dy.data, naive),
        tolerance: tolerances[backend],
      });
    }
  });

  it('on another grid are those of PyTorch, with and without antialias and an offset', async () => {
    poisonMemory();
    const golden = readGolden(new URL('golden/positions.json', import.meta.url));
    const cases = Object.entries(golden.arrays).filter(([name]) => name.includes('antialias'));
    expect(cases).toHaveLength(24);
    for (const [name, { shape, data }] of cases) {
      const [given = '', flag, offset] = name.split(', ');
      const [from, to] = given.split(' to ').map((grid) => grid.split('x').map(Number)) as [
        [number, number],
        [number, number],
      ];
      await expectNoLeak(async () => {
        const grid = tf.tensor3d(Float32Array.from(golden.arrays[given]?.data ?? []), [
          1,
          from[0] * from[1],
          2,
        ]);
        const moved = interpolatePositions(grid, from, to, 0, {
          method: 'bicubic',
          antialias: flag === 'antialias True',
          ...(offset === undefined ? {} : { offset: 0.1 }),
        });
        expect(shape).toEqual([...to, 2]);
        await expectTensorClose(moved, { shape: [1, to[0] * to[1], 2], data }, tolerances[backend]);
        tf.dispose([grid, moved]);
      });
    }
  });

  it('come back from a finer grid whose places hold theirs, also in the gradient', async () => {
    poisonMemory();
    const positions = randomTensor(randomKey('p'), [1, 12, 5]);
    const there = (p: tf.Tensor) => interpolatePositions(p, [3, 4], [5, 7]);
    const back = tf.tidy(() => interpolatePositions(there(positions), [5, 7], [3, 4]));
    await expectTensorClose(back, { shape: [1, 12, 5], data: await positions.data() });
    // Every new place shares out 1 among the old ones.
    const gradient = tf.grad((p: tf.Tensor) => tf.sum(there(p)))(positions);
    const total = tf.sum(gradient);
    await expectTensorClose(total, [5 * 7 * 5]);
    tf.dispose([positions, back, gradient, total]);
  });

  it('are of one size for every token, whatever the grid', async () => {
    const side = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.integer({ min: 1, max: 4 }),
        async (rows, columns, quarter) => {
          await expectNoLeak(async () => {
            const positions = sincosPositions([rows, columns], 4 * quarter);
            // A sine and a cosine of each angle, and two angles for each number of a quarter.
            const squares = tf.tidy(() => tf.sum(tf.square(positions), -1));
            const data = new Array<number>(rows * columns).fill(2 * quarter);
            await expectTensorClose(squares, { shape: [1, rows * columns], data });
            tf.dispose([positions, squares]);
          });
        },
      ),
      { numRuns: backend === 'webgpu' ? 3 : 12, seed: 1 },
    );
  });

  it('move to another grid as a linear map that keeps what is the same everywhere', async () => {
    const side = fc.integer({ min: 1, max: 4 });
    const grid = fc.tuple(side, side);
    await fc.assert(
      fc.asyncProperty(grid, grid, async (from, to) => {
        const count = from[0] * from[1];
        const op = {
          run: (x: tf.Tensor) => interpolatePositions(x, from, to),
          shape: [1, count, 1],
          axis: 2,
          tolerance: officialTolerances[backend],
          numRuns: 1,
        };
        await expectLinear(op);
        await expectNoLeak(async () => {
          const same = tf.fill([1, count, 3], 7);
          const moved = interpolatePositions(same, from, to);
          const shape = [1, to[0] * to[1], 3];
          const data = new Array<number>(3 * to[0] * to[1]).fill(7);
          await expectTensorClose(moved, { shape, data });
          tf.dispose([same, moved]);
        });
      }),
      { numRuns: backend === 'webgpu' ? 2 : 10, seed: 1 },
    );
  });

  it('of one row or column take its first place', async () => {
    const positions = tf.tensor3d([1, 2, 3], [1, 3, 1]);
    const [one, wide] = [
      interpolatePositions(positions, [1, 3], [1, 1]),
      interpolatePositions(positions, [3, 1], [3, 2]),
    ];
    await expectTensorClose(one, { shape: [1, 1, 1], data: [1] });
    await expectTensorClose(wide, { shape: [1, 6, 1], data: [1, 1, 2, 2, 3, 3] });
    tf.dispose([positions, one, wide]);
  });
});

describe('the arguments of positions of grids', () => {
  it('are refused with the name, what it was and what it must be', () => {
    expect(() => sincosPositions([2, 0], 8)).toThrow(
      new ShapeError('grid was [2, 0]; it must be two positive integers'),
    );
    expect(() => sincosPositions([2, 2], 6)).toThrow(
      new ShapeError('width was 6; it must be a positive multiple of 4'),
    );
    expect(() => interpolatePositions(tf.zeros([1, 4, 2]), [2, 2], [3, 3], 1)).toThrow(
      new ShapeError('positions was [1, 4, 2]; it must be [1, 5, D]'),
    );
    const moved = (options: object) =>
      interpolatePositions(tf.zeros([1, 4, 2]), [2, 2], [3, 3], 0, options);
    expect(() => moved({ method: 'cubic' })).toThrow(
      new RangeError('method was "cubic"; it must be "linear" or "bicubic"'),
    );
    expect(() => moved({ offset: 0.1 })).toThrow(
      new RangeError('offset was 0.1; only the method "bicubic" has it'),
    );
    expect(() => moved({ antialias: true })).toThrow(
      new RangeError('antialias was true; only the method "bicubic" has it'),
    );
  });
});
