import {
  describeBackends,
  expectCloseToScale,
  type Golden,
  officialTolerances,
  readGolden,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { complexLinearScan, linearScan } from '../../src/index.ts';
import { caseNames } from '../official.ts';
import { readOfficial } from '../official-npz.ts';

type Tensors = Readonly<Record<string, tf.Tensor>>;

const golden = readGolden(new URL('../golden/linear-scan.json', import.meta.url));
const renamed: Readonly<Record<string, string>> = {
  ...{ ct_y: 'dy', ct_h_last: 'dLast', h_last: 'hLast' },
};
const official = await readOfficial('official-scan', (name) => {
  const [, whole = '', part = ''] = /^(.*?)(?:_(re|im))?$/.exec(name) ?? [];
  return `${renamed[whole] ?? whole}${part.replace('re', 'Re').replace('im', 'Im')}`;
});
const cases = [golden, official].flatMap((file) =>
  caseNames(file).map((name) => [name, file] as const),
);

/** A case's inputs, or those of its sum, where it has them. */
function tensorsOf({ arrays }: Golden, name: string, wanted: readonly string[]): Tensors {
  return Object.fromEntries(
    wanted.flatMap((of) => {
      const array = arrays[`${name}/${of}`];
      return array === undefined ? [] : [[of, tf.tensor([...array.data], [...array.shape])]];
    }),
  );
}

/** `y` and the last state of `a`, `x` and, where it is there, `h0`; complex numbers as `aRe` and `aIm`. */
function scan(given: Tensors, reverse: boolean): Tensors {
  const at = (name: string) => given[name] as tf.Tensor;
  if ('a' in given) {
    const initialState = 'h0' in given ? at('h0') : undefined;
    const { y, state } = linearScan(at('x'), at('a'), { reverse, initialState });
    return { y, hLast: state };
  }
  const pair = (name: string) => ({ re: at(`${name}Re`), im: at(`${name}Im`) });
  const initialState = 'h0Re' in given ? pair('h0') : undefined;
  const { y, state } = complexLinearScan(pair('x'), pair('a'), { reverse, initialState });
  return { yRe: y.re, yIm: y.im, hLastRe: state.re, hLastIm: state.im };
}

/** The scan one step at a time, each from the last state of the step before. */
function streamed(given: Tensors, reverse: boolean): Tensors {
  const [sequences, state] = [
    Object.entries(given).filter(([name]) => !name.startsWith('h0')),
    Object.entries(given).filter(([name]) => name.startsWith('h0')),
  ];
  const inTime = sequences.map(([name, tensor]) => {
    const steps = tf.split(tensor, tensor.shape[1] ?? 1, 1);
    return [name, reverse ? steps.reverse() : steps] as const;
  });
  let before = Object.fromEntries(state);
  const results = (inTime[0]?.[1] ?? []).map((_, step) => {
    const at = inTime.map(([name, steps]) => [name, steps[step] as tf.Tensor]);
    const result = scan({ ...Object.fromEntries(at), ...before }, reverse);
    const last = Object.entries(result).filter(([name]) => name.startsWith('hLast'));
    before = Object.fromEntries(last.map(([name, h]) => [name.replace('hLast', 'h0'), h]));
    return result;
  });
  const joined = Object.keys(results[0] ?? {}).map((name) => {
    const values = results.map((result) => result[name] as tf.Tensor);
    if (!name.startsWith('y')) return [name, values.at(-1) as tf.Tensor] as const;
    return [name, tf.concat(reverse ? values.reverse() : values, 1)] as const;
  });
  return Object.fromEntries(joined);
}

/** The gradients of sum(dy · y) + sum(dLast · hLast). */
function gradientsOf(given: Tensors, weights: Tensors, reverse: boolean): Tensors {
  const names = Object.keys(given);
  const loss = (...tensors: tf.Tensor[]) => {
    const at = Object.fromEntries(names.map((name, index) => [name, tensors[index] as tf.Tensor]));
    const terms = Object.entries(scan(at, reverse)).map(([output, value]) => {
      const weight = output.replace('y', 'dy').replace('hLast', 'dLast');
      return tf.sum(tf.mul(value, weights[weight] as tf.Tensor));
    });
    return tf.addN(terms);
  };
  const gradients = tf.grads(loss)(Object.values(given));
  return Object.fromEntries(
    names.map((name, index) => [`d${name}`, gradients[index] as tf.Tensor]),
  );
}

const parts = (...names: string[]) =>
  names.flatMap((name) => ['', 'Re', 'Im'].map((p) => name + p));

await describeBackends('the scan of the official code', (backend) => {
  it.each(cases)('%s: outputs, as a whole and step by step, and gradients', async (name, file) => {
    const [whole, steps] = tf.tidy(() => {
      const reverse = name.includes('rev');
      const given = tensorsOf(file, name, parts('a', 'x', 'h0'));
      const weights = tensorsOf(file, name, parts('dy', 'dLast'));
      return [
        { ...scan(given, reverse), ...gradientsOf(given, weights, reverse) },
        streamed(given, reverse),
      ] as const;
    });
    for (const [output, tensor] of [...Object.entries(whole), ...Object.entries(steps)]) {
      const expected = file.arrays[`${name}/${output}`];
      if (expected === undefined) throw new Error(`the golden file has no ${name}/${output}`);
      await expectCloseToScale(output, tensor, expected, officialTolerances[backend]);
    }
    tf.dispose([whole, steps]);
  });
});

describe('the golden files', () => {
  it('have every kind of scan', () => {
    const kinds = (reverse: string, state: readonly [string, string]) =>
      ['real', 'complex'].flatMap((kind) =>
        ['', reverse].flatMap((way) => state.map((of) => `${kind}${way}${of}`)),
      );
    const json = [...kinds('-reverse', ['', '-state']), 'real-step'];
    expect(caseNames(golden).sort()).toEqual(json.sort());
    const npz = kinds('_rev', ['', '_noh0']).map((name) =>
      name.includes('_rev') ? name : name.replace(/^(real|complex)/, '$1_fwd'),
    );
    expect(caseNames(official).sort()).toEqual([...npz, 'step_fwd'].sort());
  });

  it('name the commit of the official code', () => {
    expect(golden.meta['official']).toMatch(/^google-deepmind\/recurrentgemma@[0-9a-f]{40}$/);
    expect(official.meta['source']).toMatch(/^google-deepmind\/recurrentgemma@[0-9a-f]{40} /);
  });
});
