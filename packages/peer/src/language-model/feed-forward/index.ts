import { type DenseConfig, dense } from './dense.ts';
import { type MixtureOfExpertsConfig, mixtureOfExperts } from './mixture-of-experts.ts';
import type { FeedForward } from './types.ts';

/** Which feed-forward a block has, and of which sizes. */
export type FeedForwardConfig = DenseConfig | MixtureOfExpertsConfig;

/** Makes the layer of a block. @param width D of the model. @throws ShapeError | RangeError | TypeError naming a setting. */
export function feedForward(config: FeedForwardConfig, width: number): FeedForward {
  const { kind } = config;
  switch (kind) {
    case 'dense':
      return dense(config, width);
    case 'moe':
      return mixtureOfExperts(config, width);
    default:
      throw new RangeError(
        `kind of a feed-forward was ${JSON.stringify(kind)}; it must be "dense" or "moe"`,
      );
  }
}
