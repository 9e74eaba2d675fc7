import {
  describeBackends,
  expectCloseToScale,
  officialTolerances,
  readGolden,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { temporalConv } from '../../src/index.ts';
import {
  caseNames,
  expectLikeOfficial,
  expectStreamedLikeOfficial,
  goldenTensor,
} from '../official.ts';
import { readOfficial } from '../official-npz.ts';

const golden = readGolden(new URL('../golden/temporal-conv.json', import.meta.url));
const official = await readOfficial('official-rg-lru-cases');
const names = caseNames(official).filter((name) => name.startsWith('conv'));
const arrayOf = (name: string) => {
  const array = official.arrays[name];
  if (array === undefined) throw new Error(`the golden file has no ${name}`);
  return array;
};

await describeBackends('the temporal convolution of the official code', (backend) => {
  const tolerance = officialTolerances[backend];
  const cases = [
    ...caseNames(golden).map((name) => [name, golden] as const),
    ...['conv', 'conv_short'].map((name) => [name, official] as const),
  ];
  it.each(cases)('%s: outputs, as a whole and step by step, and gradients', async (name, file) => {
    await expectLikeOfficial(file, name, temporalConv, tolerance);
    await expectStreamedLikeOfficial(file, name, temporalConv, tolerance);
  });

  it('conv_segment: outputs; its state has zeros for what lies before a beginning', async () => {
    // In the official code the state keeps it; its gradients are those of that state, so that ours must differ.
    const name = 'conv_segment';
    const positions = arrayOf(`${name}/segmentPos`);
    const kept = arrayOf(`${name}/last`);
    const [, taps = 1, width = 1] = kept.shape;
    const steps = positions.shape[1] ?? 1;
    const data = kept.data.map((value, at) => {
      const [row, place] = [Math.floor(at / (taps * width)), Math.floor(at / width) % taps];
      const after = positions.data
        .slice(row * steps, (row + 1) * steps)
        .slice(steps - taps + place + 1);
      return after.includes(0) ? 0 : value;
    });
    expect(data).not.toEqual(kept.data);
    const last = { ...kept, data };
    const file = { ...official, arrays: { ...official.arrays, [`${name}/last`]: last } };
    await expectLikeOfficial(file, name, temporalConv, tolerance, ['y', 'last']);
    await expectStreamedLikeOfficial(file, name, temporalConv, tolerance, ['y', 'last']);
  });

  it('conv_step: outputs and states of every step from a state, and their gradients', async () => {
    // With a state the official code has no step begin anew, whatever its position.
    const name = 'conv_step';
    const inputs = ['x', 'cache0', 'p/w', 'p/b'];
    const results = tf.tidy(() => {
      const of = (part: string) => goldenTensor(official, `${name}/${part}`);
      const run = (x: tf.Tensor, cache0: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => {
        let state = cache0;
        const steps = tf.split(x, x.shape[1] ?? 1, 1).map((frame) => {
          const result = temporalConv(frame, { w, b }, { state });
          state = result.state;
          return result;
        });
        return {
          y: tf.concat(
            steps.map(({ y }) => y),
            1,
          ),
          caches: tf.stack(steps.map((step) => step.state)),
        };
      };
      const given = inputs.map(of) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const gradients = tf.grads((...at: tf.Tensor[]) => {
        const { y, caches } = run(...(at as typeof given));
        return tf.add(tf.sum(tf.mul(y, of('dy'))), tf.sum(tf.mul(caches, of('ct_caches'))));
      })(given);
      const labels = ['dx', 'dcache0', 'g/w', 'g/b'];
      return {
        ...run(...given),
        ...Object.fromEntries(labels.map((label, at) => [label, gradients[at] as tf.Tensor])),
      };
    });
    for (const [output, tensor] of Object.entries(results)) {
      await expectCloseToScale(output, tensor, arrayOf(`${name}/${output}`), tolerance);
    }
    tf.dispose(results);
  });
});

describe('the golden files', () => {
  it('have whole clips, restarts, a clip shorter than the taps and steps from a state', () => {
    expect(caseNames(golden).sort()).toEqual(['restarts', 'short', 'step', 'whole']);
    expect(names.sort()).toEqual(['conv', 'conv_segment', 'conv_short', 'conv_step']);
  });
});
