import {
  describeBackends,
  expectCloseToScale,
  officialTolerances,
  readGolden,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type RecurrentState, recurrentBlock, residualBlock } from '../../src/index.ts';
import {
  caseNames,
  expectLikeOfficial,
  expectStreamedLikeOfficial,
  goldenTensor,
  goldenTensors,
} from '../official.ts';
import { readOfficial } from '../official-npz.ts';

const golden = readGolden(new URL('../golden/griffin-blocks.json', import.meta.url));
const official = await readOfficial('official-griffin-block');
const blockOf = (name: string) => (name.startsWith('recurrent') ? recurrentBlock : residualBlock);
const cases = [golden, official].flatMap((file) =>
  caseNames(file).map((name) => [name, file] as const),
);

await describeBackends('the blocks of the official code', (backend) => {
  const tolerance = officialTolerances[backend];

  it.each(cases)('%s: outputs, as a whole and step by step, and gradients', async (name, file) => {
    await expectLikeOfficial(file, name, blockOf(name), tolerance);
    await expectStreamedLikeOfficial(file, name, blockOf(name), tolerance);
  });

  it.each(caseNames(official))(
    '%s: outputs and states of every frame of a stream',
    async (name) => {
      const results = tf.tidy(() => {
        const params = goldenTensors(official, `${name}/p/`);
        const x = goldenTensor(official, `${name}/x`);
        let state: RecurrentState | undefined;
        const steps = tf.split(x, x.shape[1] ?? 1, 1).map((frame) => {
          const result = blockOf(name)(frame, params, state === undefined ? {} : { state });
          state = result.state;
          return result;
        });
        return {
          stream_y: tf.concat(
            steps.map(({ y }) => y),
            1,
          ),
          stream_rg_lru_state: tf.stack(steps.map((step) => step.state.rgLru)),
          stream_conv1d_state: tf.stack(steps.map((step) => step.state.conv)),
        };
      });
      for (const [output, tensor] of Object.entries(results)) {
        const expected = official.arrays[`${name}/${output}`];
        if (expected === undefined) throw new Error(`the golden file has no ${name}/${output}`);
        await expectCloseToScale(output, tensor, expected, tolerance);
      }
      tf.dispose(results);
    },
  );
});

describe('the golden files', () => {
  it('have every block as a whole and as a step', () => {
    const blocks = ['recurrent', 'residual', 'residual-mlp'];
    expect(caseNames(golden).sort()).toEqual(
      blocks.flatMap((block) => [block, `${block}-step`]).sort(),
    );
    expect(caseNames(official).sort()).toEqual(['recurrent', 'residual_mlp']);
  });

  it('name the commit of the official code', () => {
    expect(golden.meta['official']).toMatch(/^google-deepmind\/recurrentgemma@[0-9a-f]{40}$/);
    expect(official.meta['source']).toMatch(/^google-deepmind\/recurrentgemma@[0-9a-f]{40} /);
  });
});
