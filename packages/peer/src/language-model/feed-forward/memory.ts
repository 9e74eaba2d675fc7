import { checkSizes } from '@neverend/backend';
import {
  checkMemory,
  initMemory,
  type MemoryConfig,
  memory,
  memoryCosts,
  memoryShapes,
  retrievalBuffers,
} from '@neverend/product-keys';
import { itemsOf, pickedOf } from './picked.ts';
import type { FeedForward } from './types.ts';

/** A product-key memory in the place of a feed-forward; its values are as wide as the model, or memory+ brings them to that width. */
export type MemoryFeedForwardConfig = MemoryConfig & { readonly kind: 'memory' };

/** @throws naming a setting. */
export function memoryLayer(config: MemoryConfig, width: number): FeedForward {
  checkSizes({ width });
  checkMemory('a memory layer', config);
  const { valueWidth = width, output } = config;
  if (valueWidth !== width && output !== 'plus') {
    throw new RangeError(
      `valueWidth was ${valueWidth}; it must be the width of the model, ${width}, unless output is "plus"`,
    );
  }
  return {
    shapes: memoryShapes(width, config),
    ...{ tables: ['values'], buffers: retrievalBuffers(config), items: itemsOf(config) },
    costs: memoryCosts(width, config),
    init: (key) => initMemory(key, width, config),
    apply: (x, params, { training, picks }) => {
      const { y, retrieved } = memory(x, params, config, { training });
      return pickedOf(y, retrieved, { training, picks });
    },
  };
}
