import type { Params } from '@neverend/nn';
import { ItemUsage } from '@neverend/product-keys';
import { feedForwards, type LanguageModelConfig } from '../language-model/config.ts';
import type { TokenStream } from '../text/token-stream.ts';
import { type EvaluateOptions, evaluateLanguageModel } from './evaluate.ts';

/**
 * Counts which items (experts, values) the tokens of a text pick, each token once. The last token of a document foretells nothing and is left out.
 *
 * @param options as `evaluateLanguageModel` takes them: windows of the model's context and half of it as overlap, where they are left out.
 * @returns the usage of each block that picks, by its number. @throws RangeError where none does. @throws as `evaluateLanguageModel` does.
 */
export async function usageOfBlocks(
  params: Params,
  config: LanguageModelConfig,
  stream: TokenStream,
  options: Omit<EvaluateOptions, 'onPicks'> = {},
): Promise<Record<number, ItemUsage>> {
  const usages: Record<number, ItemUsage> = {};
  for (const [block, { items }] of feedForwards(config).entries()) {
    if (items !== undefined) usages[block] = new ItemUsage(items.sizes, items.tables);
  }
  if (Object.keys(usages).length === 0) {
    const kinds = config.blocks.map(({ kind }) => kind).join(', ');
    throw new RangeError(`no block of the model picks experts or values; they are: ${kinds}`);
  }
  const onPicks = async (block: number, picks: Parameters<ItemUsage['add']>[0]) => {
    await usages[block]?.add(picks);
  };
  await evaluateLanguageModel(params, config, stream, { ...options, onPicks });
  return usages;
}
