import { feedForwards, type LanguageModelConfig } from './config.ts';
import { paramShapes, specialParams } from './params.ts';

/** What a model is and costs. */
export interface LanguageModelCosts {
  /** Of all that is trained. */
  readonly parameters: number;
  /** Of those, how many a token takes part in; of the embedding all, since it is the last layer, too. */
  readonly activeParameters: number;
  /** Forward, for one token with a full context before it: of matrix products, and of products with rows. A training step has three times as many. */
  readonly flops: number;
  /** What one token reads of parameters alone, in float32. */
  readonly bytes: number;
}

/** Counts a model's parameters and operations by its configuration. @throws as `checkConfig` does. */
export function languageModelCosts(config: LanguageModelConfig): LanguageModelCosts {
  const layers = feedForwards(config);
  const { vocabulary, width, context } = config;
  const sizes = Object.entries(paramShapes(config)).map(
    ([name, shape]) => [name, shape.reduce((product, size) => product * size, 1)] as const,
  );
  const { buffers } = specialParams(config);
  const sum = (of: typeof sizes) => of.reduce((total, [, size]) => total + size, 0);
  const trained = sizes.filter(([name]) => !buffers.includes(name));
  const outside = sum(trained.filter(([name]) => !name.includes('/feed_forward/')));
  const active = outside + layers.reduce((total, { costs }) => total + costs.activeParameters, 0);
  // Queries and keys, weights and values: two products with each of the tokens before.
  const attention = 8 * width * width + 4 * width * context;
  const flops = layers.reduce((total, { costs }) => total + attention + costs.flops, 0);
  return {
    parameters: sum(trained),
    activeParameters: active,
    flops: flops + 2 * vocabulary * width,
    bytes: 4 * active,
  };
}
