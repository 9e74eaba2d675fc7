import { randomKey } from '@neverend/backend';
import { describeBackends, expectNoLeak, webgpuIfLong } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LanguageModel, type SampleOptions } from '../../src/index.ts';
import { draw } from '../../src/language-model/sample.ts';
import { tiny } from '../tiny.ts';

async function take(tokens: AsyncGenerator<number, void>, count: number): Promise<number[]> {
  const taken: number[] = [];
  for await (const token of tokens) {
    taken.push(token);
    if (taken.length === count) break;
  }
  return taken;
}

await describeBackends(
  'sampling',
  () => {
    it('gives the tokens that the whole prefix gives each time, past a full context too', async () => {
      await expectNoLeak(async () => {
        const model = LanguageModel.init(tiny, randomKey(5));
        const prompt = [1, 2, 3];
        const drawn = await take(model.sample(prompt, { temperature: 0 }), 12);
        const seen = [...prompt];
        let start = 0;
        for (const token of drawn) {
          // A full context is left for its second half.
          if (seen.length - start > tiny.context) start = seen.length - tiny.context / 2;
          const inputs = tf.tensor2d([seen.slice(start)], undefined, 'int32');
          const { logits } = model.apply(inputs);
          const rows = await logits.data();
          expect(token).toBe(draw(rows.slice(-tiny.vocabulary), 0, { temperature: 0 }));
          tf.dispose([inputs, logits]);
          seen.push(token);
        }
        model.dispose();
      });
    });

    it('draws the same by the same seed, and others by another', async () => {
      const model = LanguageModel.init(tiny, randomKey(6));
      const of = (seed: number) => take(model.sample([0], { seed, temperature: 2 }), 20);
      const [one, again, other] = [await of(1), await of(1), await of(2)];
      expect(one).toEqual(again);
      expect(one).not.toEqual(other);
      model.dispose();
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('draw', () => {
  const logits = [0.2, 0.5, 0.1, 0.2].map(Math.log);
  const share = (options: object) => {
    const counts = [0, 0, 0, 0];
    for (let at = 0; at < 1000; at++)
      (counts[draw(logits, (at + 0.5) / 1000, options)] as number)++;
    return counts;
  };

  it('takes each token with its probability, the likeliest first', () => {
    expect(share({})).toEqual([200, 500, 100, 200]);
    expect([0, 0.499, 0.501, 0.701, 0.901].map((u) => draw(logits, u, {}))).toEqual([
      1, 1, 0, 3, 2,
    ]);
  });

  it('has temperature, topK and topP', () => {
    expect(share({ temperature: 0 })).toEqual([0, 1000, 0, 0]);
    // Squares: 4, 25, 1, 4 of 34.
    expect(share({ temperature: 0.5 })).toEqual([118, 735, 29, 118]);
    expect(share({ topK: 2 })).toEqual([286, 714, 0, 0]);
    expect(share({ topP: 0.4 })).toEqual([0, 1000, 0, 0]);
    expect(share({ topP: 0.7 })).toEqual([286, 714, 0, 0]);
    expect(share({ topP: 0.71 })).toEqual([222, 556, 0, 222]);
  });

  it('never takes what the options leave out, whatever is drawn', () => {
    const settings = fc.record({
      values: fc.array(fc.float({ min: -50, max: 50, noNaN: true }), {
        minLength: 1,
        maxLength: 9,
      }),
      u: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      topK: fc.integer({ min: 1, max: 12 }),
      topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(settings, ({ values, u, topK, topP }) => {
        const token = draw(values, u, { topK, topP });
        const larger = values.filter((value) => value > (values[token] as number));
        expect(larger.length).toBeLessThan(topK);
        const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
        const before = larger.reduce((sum, value) => sum + Math.exp(value), 0);
        if (topK >= values.length) expect(before / total).toBeLessThan(topP + 1e-9);
      }),
    );
  });
});

it.each([
  [[999], 'prompt had 999 at place 0; it must have tokens from 0 to 10'],
  [[1, -1], 'prompt had -1 at place 1'],
  [[1.5], 'prompt had 1.5 at place 0'],
  [[Number.NaN], 'prompt had NaN at place 0'],
  ['abc', 'prompt had "a" at place 0'],
  [[], 'prompt was empty'],
  [undefined, 'prompt was undefined; it must be a list of tokens'],
])('sampling refuses the prompt %j', async (prompt, message) => {
  await expectNoLeak(async () => {
    const model = LanguageModel.init(tiny, randomKey(1));
    const sampled = model.sample(prompt as ArrayLike<number>);
    await expect(take(sampled, 1)).rejects.toThrow(message);
    model.dispose();
  });
});

it.each([
  [{ temperature: -1 }, 'temperature was -1'],
  [{ topK: 0 }, 'topK was 0'],
  [{ topP: 0 }, 'topP was 0'],
  [{ topP: 1.1 }, 'topP was 1.1'],
  [{ seed: 0.5 }, 'seed was 0.5'],
  [{ top: 1 }, 'sample has no option "top"'],
])('sampling refuses %j', async (options, message) => {
  const model = LanguageModel.init(tiny, randomKey(1));
  await expect(take(model.sample([1], options as SampleOptions), 1)).rejects.toThrow(message);
  model.dispose();
});
