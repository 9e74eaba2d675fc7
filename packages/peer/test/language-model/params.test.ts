import { BackendError, randomKey } from '@neverend/backend';
import { describeBackends, expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { initParams, type LanguageModelConfig } from '../../src/index.ts';
import { feedForwards } from '../../src/language-model/config.ts';
import type { FeedForward } from '../../src/language-model/feed-forward/types.ts';
import { tiny } from '../tiny.ts';

const large = { kind: 'peer', heads: 1, k: 1, sizes: [1024, 1024], keyWidth: 2 } as const;

await describeBackends('initParams', (backend) => {
  it('leaves nothing behind where a later block throws', async () => {
    await expectNoLeak(() => {
      const config = { ...tiny };
      vi.spyOn(feedForwards(config)[1] as FeedForward, 'init').mockImplementation(() => {
        tf.zeros([3]);
        throw new RangeError('of the second block');
      });
      expect(() => initParams(config, randomKey(1))).toThrow('of the second block');
    });
  });

  it.runIf(backend === 'wasm')(
    'refuses tables that fit by themselves and not together',
    async () => {
      await expectNoLeak(() => {
        // 1.34 GB in each block.
        const config: LanguageModelConfig = {
          ...{ vocabulary: 11, width: 160, heads: 1, context: 8 },
          blocks: [large, large, { kind: 'dense', hidden: 4 }, large, large],
        };
        const making = vi.spyOn(feedForwards(config)[0] as FeedForward, 'init');
        const refused = expect(() => initParams(config, randomKey(1)));
        refused.toThrow(BackendError);
        refused.toThrow(
          /^there is no room for block_00\/feed_forward\/down \[1048576, 160\], .*block_04\/feed_forward\/up \[1048576, 160\], 5\.37 GB: .*; at most \d+ items of these widths have$/,
        );
        expect(making).not.toHaveBeenCalled();
      });
    },
  );
});
