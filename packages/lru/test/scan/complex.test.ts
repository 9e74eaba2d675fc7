import { DTypeError, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  type Inputs,
  normalInput,
  numbers,
  numericGradients,
  poisonMemory,
  randomTensor,
  tolerances,
  toTensors,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Complex, complexLinearScan, linearScan } from '../../src/index.ts';
import {
  type ComplexScanInputs,
  complexLinearScanNaive,
  type ScanShape,
} from '../../src/scan/naive.ts';

/** Eigenvalues within the unit circle, as a recurrent unit has them: of any phase, and some of them 0. */
function inputsOf(shape: readonly number[], seed = 0): Inputs {
  const [outer, , ...rest] = shape;
  const draw = (name: string, of: readonly number[]) => normalInput(randomKey(seed, name), of);
  const [radius, phase] = [draw('radius', shape), draw('phase', shape)];
  const of = (part: (angle: number) => number) => ({
    shape,
    data: radius.data.map((r, at) =>
      at % 11 === 5 ? 0 : Math.fround(Math.tanh(2 * r) * part(3 * (phase.data[at] ?? 0))),
    ),
  });
  const state = [outer ?? 1, ...rest];
  return {
    ...{ aRe: of(Math.cos), aIm: of(Math.sin) },
    ...{ xRe: draw('xRe', shape), xIm: draw('xIm', shape) },
    ...{ h0Re: draw('h0Re', state), h0Im: draw('h0Im', state) },
  };
}

/** Real parts, then imaginary parts, along the last axis. */
function scan(tensors: Record<string, tf.Tensor>, reverse: boolean): tf.Tensor {
  const pair = (name: string): Complex => ({
    re: tensors[`${name}Re`] as tf.Tensor,
    im: tensors[`${name}Im`] as tf.Tensor,
  });
  return tf.tidy(() => {
    const { re, im } = complexLinearScan(pair('x'), pair('a'), {
      initialState: pair('h0'),
      reverse,
    }).y;
    return tf.concat([re, im], -1);
  });
}

function scanNaive(
  arrays: Record<string, Float64Array>,
  shape: readonly number[],
  reverse: boolean,
): Float64Array {
  const [outer = 1, length = 1, ...rest] = shape;
  const lanes: ScanShape = [outer, length, rest.reduce((product, n) => product * n, 1)];
  const { re, im } = complexLinearScanNaive(arrays as ComplexScanInputs, lanes, reverse);
  const width = shape.at(-1) ?? 1;
  return Float64Array.from({ length: 2 * re.length }, (_, index) => {
    const [vector, c] = [Math.floor(index / (2 * width)), index % (2 * width)];
    return (c < width ? re : im)[vector * width + (c % width)] ?? Number.NaN;
  });
}

const complexTensor = (name: string, shape: readonly number[], scale = 1): Complex => ({
  re: randomTensor(randomKey(name, 're'), shape, scale),
  im: randomTensor(randomKey(name, 'im'), shape, scale),
});

/** The steps of these places, second axis. */
const steps = ({ re, im }: Complex, from: number, to: number): Complex => {
  const part = (x: tf.Tensor) =>
    tf.slice(
      x,
      x.shape.map((_, axis) => (axis === 1 ? from : 0)),
      x.shape.map((size, axis) => (axis === 1 ? to - from : size)),
    );
  return { re: part(re), im: part(im) };
};

/** `tf.tidy` and `tf.dispose`, whose types know no interfaces. */
const tidy = <T>(f: () => T): T => tf.tidy(f as () => tf.TensorContainer) as T;

const dispose = (...containers: object[]): void =>
  tf.dispose(containers as unknown as tf.TensorContainer);

async function expectComplexClose(actual: Complex, expected: Complex): Promise<void> {
  for (const part of ['re', 'im'] as const) {
    const { shape } = expected[part];
    await expectTensorClose(actual[part], { shape, data: await expected[part].data() });
  }
}

await describeBackends('the complex scan', (backend) => {
  for (const shape of [
    [1, 1, 1],
    [3, 1, 2],
    [2, 7, 1],
    [1, 17, 3],
    [2, 4, 3, 2],
  ]) {
    for (const reverse of [false, true]) {
      it(`of [${shape}]${reverse ? ', reversed' : ''} has the reference's output, and the gradients of finite differences`, async () => {
        poisonMemory();
        const inputs = inputsOf(shape);
        const dy = normalInput(randomKey('dy'), [...shape.slice(0, -1), 2 * (shape.at(-1) ?? 1)]);
        await expectLikeReference({
          op: (tensors) => scan(tensors, reverse),
          inputs,
          dy,
          y: scanNaive(numbers(inputs), shape, reverse),
          gradients: numericGradients(inputs, dy.data, (at) => scanNaive(at, shape, reverse)),
          tolerance: tolerances[backend],
        });
      });
    }
  }

  const examples = fc.record({
    length: fc.integer({ min: 2, max: 12 }),
    cut: fc.nat({ max: 100 }),
    seed: fc.nat(),
  });
  const runs = { numRuns: backend === 'webgpu' ? 4 : 15, seed: 1 };

  it('of parts, each from the last state of the part before, is that of the whole', async () => {
    await fc.assert(
      fc.asyncProperty(examples, fc.boolean(), async ({ length, cut, seed }, reverse) => {
        await expectNoLeak(async () => {
          const at = 1 + (cut % (length - 1));
          const shape = [2, length, 3];
          const { aRe, aIm, xRe, xIm } = inputsOf(shape, seed);
          const tensor = (input: Inputs[string] | undefined) =>
            tf.tensor(Float32Array.from(input?.data ?? []), shape);
          const [a, x] = [
            { re: tensor(aRe), im: tensor(aIm) },
            { re: tensor(xRe), im: tensor(xIm) },
          ];
          const [whole, parts] = tidy(() => {
            type Ends = readonly [number, number];
            const ends: [Ends, Ends] = [
              [0, at],
              [at, length],
            ];
            const [first, second] = reverse ? [ends[1], ends[0]] : ends;
            const one = complexLinearScan(steps(x, ...first), steps(a, ...first), { reverse });
            const two = complexLinearScan(steps(x, ...second), steps(a, ...second), {
              reverse,
              initialState: one.state,
            });
            const inTime = reverse ? [two, one] : [one, two];
            const joined = (part: 're' | 'im') =>
              tf.concat(
                inTime.map(({ y }) => y[part]),
                1,
              );
            return [
              complexLinearScan(x, a, { reverse }),
              { y: { re: joined('re'), im: joined('im') }, state: { ...two.state } },
            ];
          });
          await expectComplexClose(parts.y, whole.y);
          await expectComplexClose(parts.state, whole.state);
          dispose(a, x, whole, parts);
        });
      }),
      runs,
    );
  });

  it('keeps the magnitude of a state that eigenvalues on the unit circle turn', async () => {
    await fc.assert(
      fc.asyncProperty(examples, async ({ length, seed }) => {
        const results = tf.tidy(() => {
          const phase = randomTensor(randomKey(seed), [2, length, 3], 5);
          const zeros = tf.zerosLike(phase);
          const h0 = complexTensor(`h0 ${seed}`, [2, 3]);
          // From float64, since WebGPU's own sine is good to 2^-11.
          const angles = Array.from(phase.dataSync());
          const a = {
            re: tf.tensor(angles.map(Math.cos), phase.shape),
            im: tf.tensor(angles.map(Math.sin), phase.shape),
          };
          const { state } = complexLinearScan({ re: zeros, im: zeros }, a, { initialState: h0 });
          const size = ({ re, im }: Complex) => tf.add(tf.square(re), tf.square(im));
          return [size(state), size(h0)] as [tf.Tensor, tf.Tensor];
        });
        await expectTensorClose(results[0], { shape: [2, 3], data: await results[1].data() });
        tf.dispose(results);
      }),
      runs,
    );
  }, 60_000);

  it('keeps its digits over 20,000 steps of eigenvalues near the unit circle', async () => {
    const shape = [1, 20_000, 2] as const;
    const turned = (part: (angle: number) => number) => ({
      shape,
      data: Float64Array.from({ length: 40_000 }, (_, at) =>
        Math.fround(0.99995 * part(0.07 + (at % 2))),
      ),
    });
    const inputs = {
      ...{ aRe: turned(Math.cos), aIm: turned(Math.sin) },
      ...{ xRe: normalInput(randomKey('xRe'), shape), xIm: normalInput(randomKey('xIm'), shape) },
      h0Re: normalInput(randomKey('h0Re'), [1, 2], 100),
      h0Im: normalInput(randomKey('h0Im'), [1, 2], 100),
    };
    const expected = scanNaive(numbers(inputs), shape, false);
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const tensors = toTensors(inputs);
    const y = scan(tensors, false);
    const met = await y.data();
    const errors = Array.from(met, (value, at) => Math.abs(value - (expected[at] ?? 0)));
    const worst = errors.reduce((most, error) => Math.max(most, error));
    expect(worst / scale).toBeLessThan(5e-6);
    tf.dispose([y, { ...tensors }]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'forgets %d at a step whose a is 0, forward and backward',
    async (value) => {
      await expectNoLeak(async () => {
        const sequence = (...numbers: number[]) => tf.tensor3d(numbers, [1, 4, 1]);
        const inputs = {
          ...{ aRe: sequence(0.5, 0, 0, 0), aIm: sequence(0, 0, 0.5, 0) },
          ...{ xRe: sequence(value, 1, 1, 3), xIm: sequence(2, 1, 0, 0) },
          ...{ h0Re: tf.tensor2d([[value]]), h0Im: tf.tensor2d([[1]]) },
        };
        const y = scan(inputs, false);
        // 1 + i, i (1 + i) / 2 + 1 and 3.
        expect([...(await y.data())].slice(2)).toEqual([1, 1, 0.5, 0.5, 3, 0]);
        const names = Object.keys(inputs) as (keyof typeof inputs)[];
        const slopes = tf.tidy(() =>
          tf.grads((...at: tf.Tensor[]) =>
            tf.slice(
              scan(Object.fromEntries(names.map((name, i) => [name, at[i]])) as never, false),
              [0, 2, 0],
              [1, 1, 2],
            ),
          )(Object.values(inputs)),
        );
        const of = Object.fromEntries(
          await Promise.all(slopes.map(async (slope, i) => [names[i], [...(await slope.data())]])),
        );
        expect(of.xRe.slice(1)).toEqual([0.5, 1, 0]);
        expect(of.xIm.slice(1)).toEqual([-0.5, 1, 0]);
        expect([of.xRe[0], of.xIm[0], of.aRe[1], of.aIm[1]]).toEqual([0, 0, 0, 0]);
        expect([of.h0Re, of.h0Im]).toEqual([[0], [0]]);
        tf.dispose([y, slopes, { ...inputs }]);
      });
    },
  );

  it('is the real scan of both parts where a is real', async () => {
    const a = randomTensor(randomKey('a'), [2, 6, 4], 0.5);
    const [x, h0] = [complexTensor('x', [2, 6, 4]), complexTensor('h0', [2, 4])];
    const results = tidy(() => {
      const { y } = complexLinearScan(x, { re: a, im: tf.zerosLike(a) }, { initialState: h0 });
      const parts = (['re', 'im'] as const).map(
        (part) => linearScan(x[part], a, { initialState: h0[part] }).y,
      );
      return { y: { ...y }, expected: { re: parts[0] as tf.Tensor, im: parts[1] as tf.Tensor } };
    });
    await expectComplexClose(results.y, results.expected);
    dispose(a, x, h0, results);
  });
});

describe('an argument of complexLinearScan', () => {
  it('is refused by the name of its part', () => {
    tf.tidy(() => {
      const [a, x] = [complexTensor('a', [2, 3, 4]), complexTensor('x', [2, 3, 4])];
      expect(() => complexLinearScan(x, { ...a, im: tf.zeros([2, 3, 5]) })).toThrow(
        new ShapeError('a.im was [2, 3, 5]; it must be [2, 3, 4]'),
      );
      expect(() => complexLinearScan({ ...x, im: tf.zeros([2, 3, 4], 'int32') }, a)).toThrow(
        new DTypeError('x.im was int32; it must be float32'),
      );
      const initialState = { re: tf.zeros([2, 4]), im: tf.zeros([2, 3]) };
      expect(() => complexLinearScan(x, a, { initialState })).toThrow(
        new ShapeError('initialState.im was [2, 3]; it must be [2, 4]'),
      );
    });
  });
});
