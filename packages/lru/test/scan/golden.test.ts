import { describeBackends, expectTensorClose, readGolden } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { complexLinearScan, linearScan } from '../../src/index.ts';

const { arrays } = readGolden(new URL('../golden/linear-scan.json', import.meta.url));
const names = [...new Set(Object.keys(arrays).map((name) => name.split('/')[0] ?? ''))];

/** An array of a case as a tensor; undefined where the case has none. */
function tensorOf(name: string): tf.Tensor | undefined {
  const array = arrays[name];
  return array && tf.tensor([...array.data], [...array.shape], 'float32');
}

/** What a case's inputs lead to, and the gradients of sum(dy · y) + sum(dLast · hLast), by their names. */
function compute(name: string): Record<string, tf.Tensor> {
  const complex = name.startsWith('complex');
  const reverse = name.includes('reverse');
  const parts = complex ? ['Re', 'Im'] : [''];
  const given = ['a', 'x', 'h0'].flatMap((of) =>
    parts.flatMap((part) => {
      const tensor = tensorOf(`${name}/${of}${part}`);
      return tensor === undefined ? [] : [{ name: `${of}${part}`, tensor }];
    }),
  );
  const scan = (tensors: readonly tf.Tensor[]): Record<string, tf.Tensor> => {
    const of = (wanted: string) => tensors[given.findIndex((one) => one.name === wanted)];
    const real = (wanted: string) => of(wanted) as tf.Tensor;
    if (!complex) {
      const h0 = of('h0');
      const { y, hLast } = linearScan(real('a'), real('x'), { reverse, ...(h0 ? { h0 } : {}) });
      return { y, hLast };
    }
    const pair = (wanted: string) => ({ re: real(`${wanted}Re`), im: real(`${wanted}Im`) });
    const { y, hLast } = complexLinearScan(pair('a'), pair('x'), {
      reverse,
      ...(of('h0Re') ? { h0: pair('h0') } : {}),
    });
    return { yRe: y.re, yIm: y.im, hLastRe: hLast.re, hLastIm: hLast.im };
  };
  const loss = (...tensors: tf.Tensor[]) => {
    const outputs = scan(tensors);
    const terms = Object.entries(outputs).map(([output, value]) => {
      const weight = output.replace('y', 'dy').replace('hLast', 'dLast');
      return tf.sum(tf.mul(value, tensorOf(`${name}/${weight}`) as tf.Tensor));
    });
    return tf.addN(terms);
  };
  const tensors = given.map(({ tensor }) => tensor);
  const gradients = tf.grads(loss)(tensors);
  return {
    ...scan(tensors),
    ...Object.fromEntries(
      given.map((one, index) => [`d${one.name}`, gradients[index] as tf.Tensor]),
    ),
  };
}

await describeBackends('the scan of the official code', (backend) => {
  const tolerance = backend === 'cpu' || backend === 'tensorflow' ? 1e-5 : 1e-4;

  it.each(names)('%s: outputs and gradients', async (name) => {
    const results = tf.tidy(() => compute(name));
    for (const [output, tensor] of Object.entries(results)) {
      const expected = arrays[`${name}/${output}`];
      if (expected === undefined) throw new Error(`the golden file has no ${name}/${output}`);
      const scale = Math.max(...expected.data.map(Math.abs));
      await expectTensorClose(tensor, expected, { rtol: 0, atol: tolerance * scale });
    }
    tf.dispose(results);
  });
});

describe('the golden file', () => {
  it('has every kind of scan', () => {
    const kinds = ['real', 'complex'].flatMap((kind) =>
      ['', '-reverse'].flatMap((way) => ['', '-state'].map((state) => `${kind}${way}${state}`)),
    );
    expect(names.sort()).toEqual([...kinds, 'real-step'].sort());
  });
});
