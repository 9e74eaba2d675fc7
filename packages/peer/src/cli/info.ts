import { bytes, type CommandContext, count, table, withPrefix } from '@neverend/command-line';
import type { Command } from 'commander';
import { blockName, feedForwards, type LanguageModelConfig } from '../language-model/config.ts';
import { languageModelCosts } from '../language-model/costs.ts';
import { readModelConfig } from '../training/model-folder.ts';
import { configOf } from './config-of-flags.ts';
import type { InfoFlags } from './flags.ts';
import { withPreset } from './model-flags.ts';
import { modelFolderOf } from './open-model.ts';
import { checkUsage } from './train-flags.ts';

/** Prints what a model is and costs. */
export async function info(
  path: string | undefined,
  given: InfoFlags,
  context: CommandContext,
  command: Command,
): Promise<void> {
  const config =
    path === undefined
      ? checkUsage(command, () => configOf(withPreset(given)))
      : await readModelConfig(await modelFolderOf(path));
  const costs = languageModelCosts(config);
  const blocks = feedForwards(config).map(({ costs }, block) => ({
    ...config.blocks[block],
    ...costs,
  }));
  const answer = { config, ...costs, blocks };
  await context.print(given.json ? `${JSON.stringify(answer)}\n` : textOf(config, costs, blocks));
}

function textOf(
  { vocabulary, width, heads, context }: LanguageModelConfig,
  { parameters, activeParameters, flops, bytes: read }: ReturnType<typeof languageModelCosts>,
  blocks: readonly {
    readonly kind?: string;
    readonly flops: number;
    readonly activeParameters: number;
  }[],
): string {
  const one = table(
    [
      ['tokens', `${vocabulary.toLocaleString('en')}, ${context} at once`],
      ['width', `${width}, ${count(heads, 'head')}`],
      ['parameters', `${parameters.toLocaleString('en')} (${bytes(4 * parameters)})`],
      ['of them for a token', activeParameters.toLocaleString('en')],
      ['FLOPs of a token', `${withPrefix(flops, 'FLOP')}, three times as many in training`],
      ['bytes that a token reads', bytes(read)],
    ],
    { numbers: false },
  );
  const rows = blocks.map(({ kind = '', ...costs }, block) => [
    ...[`${blockName(block)}feed_forward`, kind],
    ...[withPrefix(costs.activeParameters), withPrefix(costs.flops, 'FLOP')],
  ]);
  const head = ['feed-forward', 'kind', 'parameters for a token', 'FLOPs of a token'];
  return `${one}\n${table([head, ...rows])}`;
}
