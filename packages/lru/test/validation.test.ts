import { randomKey, ShapeError, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import {
  complexLinearScan,
  complexRgLru,
  initComplexRgLru,
  initGatedMlp,
  initLru,
  initRecurrentBlock,
  initResidualBlock,
  initRgLru,
  initTemporalConv,
  linearScan,
  lru,
  recurrentBlock,
  residualBlock,
  rgLru,
  temporalConv,
} from '../src/index.ts';
import { neverendTemporalConv } from '../src/register.ts';

beforeAll(() => useBackend('cpu'));

const key = randomKey(1);
const block = { width: 4, heads: 2 };

const x = () => tf.zeros([1, 3, 4]);
const complex = () => ({ re: x(), im: x() });
const none = null as never;

const refused: readonly (readonly [message: string, call: () => unknown])[] = [
  [
    'state was null; it must be an object with re and im',
    () => lru(x(), initLru(key, { width: 4 }), { state: none }),
  ],
  [
    'state was null; it must be an object with rgLru and conv',
    () => recurrentBlock(x(), initRecurrentBlock(key, { ...block, lruWidth: 4 }), { state: none }),
  ],
  ['x was null; it must be an object with re and im', () => complexLinearScan(none, complex())],
  [
    'initialState was null; it must be an object with re and im',
    () => complexLinearScan(complex(), complex(), { initialState: none }),
  ],
  [
    'initialState.re was undefined; it must be a tensor [1, 4]',
    () => complexLinearScan(complex(), complex(), { initialState: x() as never }),
  ],
  [
    'heads was "2"; it must be a positive divisor of the width, 4',
    () => initRgLru(key, { width: 4, heads: '2' as never }),
  ],
  ['width was 0; it must be a positive integer', () => initLru(key, { width: 0 })],
  [
    'lruWidth was -2; it must be a positive integer',
    () => initLru(key, { width: 4, lruWidth: -2 }),
  ],
  [
    'maxPhase was Infinity; it must be a finite number above 0',
    () => initLru(key, { width: 4, maxPhase: Number.POSITIVE_INFINITY }),
  ],
  ['width was 0; it must be a positive integer', () => initRgLru(key, { width: 0, heads: 1 })],
  [
    'minRadius was NaN; it must be at least 0 and below 0.999',
    () => initRgLru(key, { ...block, minRadius: Number.NaN }),
  ],
  [
    'minRadius was 0.9; it must be at least 0 and below 0.8',
    () => initRgLru(key, { ...block, maxRadius: 0.8 }),
  ],
  [
    'maxRadius was 1; it must be above 0 and below 1',
    () => initComplexRgLru(key, { ...block, maxRadius: 1 }),
  ],
  [
    'width was -4; it must be a positive integer',
    () => initComplexRgLru(key, { width: -4, heads: 2 }),
  ],
  ['width was 1.5; it must be a positive integer', () => initTemporalConv(key, { width: 1.5 })],
  ['taps was 1; it must be an integer >= 2', () => initTemporalConv(key, { width: 4, taps: 1 })],
  ['taps was 1; it must be an integer >= 2', () => neverendTemporalConv({ taps: 1 })],
  ['taps was 0; it must be an integer >= 2', () => initRecurrentBlock(key, { ...block, taps: 0 })],
  [
    'lruWidth was -8; it must be a positive integer',
    () => initRecurrentBlock(key, { ...block, lruWidth: -8 }),
  ],
  [
    'outVariance was -1; it must be a finite number >= 0',
    () => initRecurrentBlock(key, { ...block, outVariance: -1 }),
  ],
  [
    'mlpWidth was 0; it must be a positive integer',
    () => initGatedMlp(key, { width: 4, mlpWidth: 0 }),
  ],
  [
    'mlpWidth was 0; it must be a positive integer',
    () => initResidualBlock(key, { ...block, mlpWidth: 0 }),
  ],
];

it('leaves nothing behind where a later size is wrong', () => {
  const before = tf.memory().numTensors;
  expect(() => initResidualBlock(key, { ...block, mlpWidth: 0 })).toThrow('mlpWidth');
  expect(tf.memory().numTensors).toBe(before);
});

it('names the part of a state that does not fit, and the parameter of a complex block', () => {
  tf.tidy(() => {
    const x = tf.zeros([1, 3, 4]);
    const params = initRecurrentBlock(key, { ...block, lruWidth: 6 });
    const { state } = recurrentBlock(x, params);
    for (const [part, message] of [
      [{ rgLru: tf.zeros([1, 4]) }, 'state.rgLru was [1, 4]; it must be [1, 6]'],
      [{ conv: tf.zeros([1, 2, 6]) }, 'state.conv was [1, 2, 6]; it must be [1, 3, 6]'],
    ] as const) {
      expect(() => recurrentBlock(x, params, { state: { ...state, ...part } })).toThrow(
        new ShapeError(message),
      );
    }
    const complex = {
      'rg_lru/a_imag_param': tf.zeros([3]),
      'rg_lru/a_param': tf.zeros([2]),
    };
    expect(() => recurrentBlock(x, { ...params, ...complex })).toThrow(
      new ShapeError('params["rg_lru/a_param"] was [2]; it must be [3]'),
    );
    expect(() => complexRgLru(tf.zeros([1, 2, 3]), {})).toThrow(
      new ShapeError('x was [1, 2, 3]; its last dimension must be even'),
    );
  });
});

it('refuses a power or an epsilon outside of its range', () => {
  tf.tidy(() => {
    const params = initResidualBlock(key, block);
    const run = (options: object) => residualBlock(tf.zeros([1, 3, 4]), params, options);
    expect(() => run({ decayPower: 0 })).toThrow('decayPower was 0; it must be above 0');
    expect(() => run({ eps: -1 })).toThrow('eps was -1; it must be a finite number >= 0');
  });
});

it.each(refused)('refuses in one sentence: %s', (message, call) => {
  tf.tidy(() => {
    expect(call).toThrow(expect.objectContaining({ message }));
  });
});

it('names parameters with all of their path', () => {
  tf.tidy(() => {
    const params = initResidualBlock(key, block);
    const run = (name: string, tensor: tf.Tensor) =>
      residualBlock(tf.zeros([1, 3, 4]), { ...params, [`recurrent_block/${name}`]: tensor });
    expect(() => run('rg_lru/a_param', tf.zeros([5]))).toThrow(
      'params["recurrent_block/rg_lru/a_param"] was [5]; it must be [4]',
    );
    expect(() => run('rg_lru/input_gate/w', tf.zeros([3, 1, 1]))).toThrow(
      'params["recurrent_block/rg_lru/input_gate/w"] had 3 blocks; their number must divide 4',
    );
    expect(() => run('conv_1d/w', tf.zeros([1, 4]))).toThrow(
      'params["recurrent_block/conv_1d/w"] had 1 tap; it must have at least 2',
    );
  });
});

type Options = Readonly<Record<string, unknown>>;

const unit = { width: 4, heads: 2, minRadius: 0.5, maxRadius: 0.999 };
const blockSizes = {
  width: 4,
  lruWidth: 4,
  ...{ heads: 2, minRadius: 0.5, maxRadius: 0.999 },
  taps: 4,
  outVariance: 1,
};

/** Each function that takes options, with all that it takes beside an unknown one. */
const withOptions: Readonly<
  Record<string, readonly [known: () => Options, call: (options: never) => unknown]>
> = {
  ...Object.fromEntries(
    Object.entries({ linearScan, complexLinearScan }).map(([name, scan]) => {
      const complex = name.startsWith('complex');
      const of = (...shape: number[]) =>
        complex ? { re: tf.zeros(shape), im: tf.zeros(shape) } : tf.zeros(shape);
      const call = (options: never) =>
        (scan as typeof linearScan)(of(1, 3, 4) as tf.Tensor, of(1, 3, 4) as tf.Tensor, options);
      return [name, [() => ({ initialState: of(1, 4), reverse: true }), call]] as const;
    }),
  ),
  ...Object.fromEntries(
    Object.entries({
      lru: [lru, () => initLru(key, { width: 4 })],
      rgLru: [rgLru, () => initRgLru(key, unit)],
      complexRgLru: [complexRgLru, () => initComplexRgLru(key, { width: 2, heads: 2 })],
      temporalConv: [temporalConv, () => initTemporalConv(key, { width: 4 })],
      recurrentBlock: [recurrentBlock, () => initRecurrentBlock(key, block)],
      residualBlock: [residualBlock, () => initResidualBlock(key, block)],
    } as const).map(([name, [layer, init]]) => {
      const call = (options: never) => layer(tf.zeros([1, 3, 4]), init(), options);
      const known = () => ({
        segmentPos: tf.zeros([1, 3], 'int32'),
        state: call({} as never).state,
        ...(name === 'lru' || name === 'temporalConv' ? {} : { decayPower: 8 }),
        // It does not go with segmentPos.
        ...(name === 'residualBlock' ? { eps: 1e-6 } : { mask: undefined }),
        ...(name.toLowerCase().endsWith('lru') ? { reverse: true } : {}),
      });
      return [name, [known, call]] as const;
    }),
  ),
  initLru: [
    () => ({ width: 4, lruWidth: 4, minRadius: 0, maxRadius: 1, maxPhase: 1 }),
    (options) => initLru(key, options),
  ],
  initRgLru: [() => unit, (options) => initRgLru(key, options)],
  initComplexRgLru: [() => unit, (options) => initComplexRgLru(key, options)],
  initTemporalConv: [() => ({ width: 4, taps: 4 }), (options) => initTemporalConv(key, options)],
  initRecurrentBlock: [() => blockSizes, (options) => initRecurrentBlock(key, options)],
  initResidualBlock: [
    () => ({ ...blockSizes, mlpWidth: 4 }),
    (options) => initResidualBlock(key, options),
  ],
  initGatedMlp: [
    () => ({ width: 4, mlpWidth: 4, outVariance: 1 }),
    (options) => initGatedMlp(key, options),
  ],
};

it.each(Object.keys(withOptions))('%s takes its own options, and no other', (name) => {
  const [known, call] = withOptions[name] as (typeof withOptions)[string];
  tf.tidy(() => {
    const options = known();
    expect(() => call(options as never)).not.toThrow();
    const message = `${name} has no option "misspelt"; it takes ${Object.keys(options).join(', ')}`;
    expect(() => call({ ...options, misspelt: 1 } as never)).toThrow(new TypeError(message));
  });
});

it('refuses unknown options in every function of the package but gatedMlp, which takes none', async () => {
  const exported = Object.keys(await import('../src/index.ts'));
  expect(exported.filter((name) => name !== 'gatedMlp').sort()).toEqual(
    Object.keys(withOptions).sort(),
  );
});
