import { randomKey } from '@neverend/backend';
import { describeBackends, expectNoLeak } from '@neverend/backend/testing';
import { expect, it } from 'vitest';
import { initParams, type LanguageModelConfig } from '../../src/index.ts';
import { resolveSettings } from '../../src/training/train-settings.ts';
import { TrainedParams } from '../../src/training/trained-params.ts';

const config: LanguageModelConfig = {
  ...{ vocabulary: 11, width: 4, heads: 1, context: 3 },
  blocks: [{ kind: 'memory', heads: 1, k: 2, sizes: [3, 3], keyWidth: 2 }],
};

await describeBackends('parameters in training', () => {
  it.each([{ learningRate: -1 }, { tableLearningRate: -1 }])(
    'leave nothing where an optimiser refuses %o, and what they were to be of stays',
    async (wrong) => {
      await expectNoLeak(() => {
        const params = initParams(config, randomKey(1));
        const settings = { ...resolveSettings({}), ...wrong };
        expect(() => new TrainedParams(config, params, settings)).toThrow(RangeError);
        const gone = () => Object.values(params).filter((param) => param.isDisposed);
        expect(gone()).toEqual([]);
        const trained = new TrainedParams(config, params, resolveSettings({}));
        expect(gone()).toHaveLength(Object.keys(params).length);
        trained.dispose();
      });
    },
  );
});
