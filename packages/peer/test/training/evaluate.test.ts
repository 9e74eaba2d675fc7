import { randomKey } from '@neverend/backend';
import { describeBackends, expectNoLeak, webgpuIfLong } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { initParams, LanguageModel, Tokenizer, trainBpe } from '../../src/index.ts';
import {
  evaluateLanguageModel,
  type TokenStream,
  tokenStream,
  usageOfBlocks,
} from '../../src/training/index.ts';
import { tiny } from '../tiny.ts';
import { small } from './fixtures/rhymes.ts';

const document = (text: string) => ({ name: 'a text', bytes: new TextEncoder().encode(text) });

await describeBackends(
  'evaluateLanguageModel',
  () => {
    it('sums what the whole text costs where it fits in a context', async () => {
      await expectNoLeak(async () => {
        const stream = tokenStream([document('abcde'), document('fgh')], new Tokenizer());
        const model = LanguageModel.init(small, randomKey(2));
        const inputs = tf.tensor2d([[...stream.tokens]], undefined, 'int32');
        const { logits } = model.apply(inputs);
        const data = await logits.data<'float32'>();
        let nats = 0;
        for (let at = 1; at < stream.tokens.length; at++) {
          if (stream.tokens[at] === stream.boundary) continue;
          const row = data.subarray((at - 1) * 257, at * 257);
          const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
          nats += Math.log(sum) - (row[stream.tokens[at] as number] as number);
        }
        const found = await evaluateLanguageModel(model.params, small, stream);
        expect(found.loss).toBeCloseTo(nats / 8, 4);
        expect(found.perplexity).toBeCloseTo(Math.exp(nats / 8), 2);
        expect(found.bitsPerByte).toBeCloseTo(nats / Math.LN2 / 8, 4);
        expect([found.tokens, found.bytes]).toEqual([8, 8]);
        tf.dispose([inputs, logits]);
        model.dispose();
      });
    });

    it('counts every byte of a text that is cut into windows, whatever the tokens are', async () => {
      const text = document('the cat and the hat and the bat '.repeat(5));
      const tokenizer = new Tokenizer(trainBpe([text], 265));
      const config = { ...tiny, vocabulary: tokenizer.vocabulary };
      const params = initParams(config, randomKey(3));
      const stream = tokenStream([text], tokenizer);
      const all = await evaluateLanguageModel(params, config, stream, { rows: 3 });
      expect([all.tokens, all.bytes]).toEqual([stream.tokens.length - 1, text.bytes.length]);
      const some = await evaluateLanguageModel(params, config, stream, { rows: 3, windows: 4 });
      expect(some.tokens).toBeLessThan(all.tokens);
      tf.dispose(params);
    });

    it('refuses a text of other tokens, and one with nothing to foretell', async () => {
      await expectNoLeak(async () => {
        const params = initParams(small, randomKey(5));
        const stream = tokenStream([document('abc')], new Tokenizer());
        const refused = (given: unknown, message: string) =>
          expect(evaluateLanguageModel(params, small, given as TokenStream)).rejects.toThrow(
            message,
          );
        const byteLengths = new Uint16Array(300);
        const more = { ...stream, byteLengths };
        await refused(more, 'stream was of 300 different tokens; the model has 257');
        await expect(usageOfBlocks(params, small, more)).rejects.toThrow('stream was of 300');
        const tokens = Uint16Array.of(256, 97, 257);
        await refused(
          { ...stream, tokens },
          'stream had 257 at place 2; it must have tokens from 0',
        );
        for (const nothing of [[], [document('')], [document(''), document('')]]) {
          const { length } = nothing;
          const message = `stream had ${length} tokens and none to foretell`;
          await refused(tokenStream(nothing, new Tokenizer()), message);
        }
        await refused(undefined, 'stream was undefined; it must be what tokenStream makes');
        await refused({}, 'stream was an object; it must be what tokenStream makes');
        await refused([1, 2], 'stream was a list');
        await expect(
          evaluateLanguageModel(params, undefined as unknown as typeof small, stream),
        ).rejects.toThrow('config was undefined; it must be an object');
        await expect(
          evaluateLanguageModel(undefined as unknown as typeof params, small, stream),
        ).rejects.toThrow('params was undefined; it must be an object');
        tf.dispose(params);
      });
    });

    it('gives picks of blocks that have them, and leaves feed-forwards out', async () => {
      await expectNoLeak(async () => {
        const params = initParams(small, randomKey(4));
        const stream = tokenStream([document('abcdefghijklm')], new Tokenizer());
        let picked = 0;
        const onPicks = (block: number, { indices }: { indices: tf.Tensor }) => {
          expect(block).toBe(1);
          picked += indices.size;
        };
        const found = await evaluateLanguageModel(params, small, stream, { onPicks });
        // Two picks of each token but the last, in two windows that overlap.
        expect(picked).toBe(2 * 13);
        const without = await evaluateLanguageModel(params, small, stream, { without: [0, 1] });
        expect(without.loss).not.toBe(found.loss);
        tf.dispose(params);
      });
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
