import { totalmem } from 'node:os';
import { join } from 'node:path';
import { checkRoom, randomKey } from '@neverend/backend';
import { makeFolder, RunError } from '@neverend/checkpoint/node';
import {
  bytes,
  type CommandContext,
  count,
  startBackend,
  withPrefix,
} from '@neverend/command-line';
import type { Command } from 'commander';
import type { LanguageModelConfig } from '../language-model/config.ts';
import { languageModelCosts } from '../language-model/costs.ts';
import { LanguageModel } from '../language-model/model.ts';
import { initParams, paramShapes, specialParams } from '../language-model/params.ts';
import { trainBpe } from '../text/bpe/train-bpe.ts';
import { digestOf } from '../text/node/digest.ts';
import type { TextSplit } from '../text/split-documents.ts';
import { tokenStream } from '../text/token-stream.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { tokenizerJson } from '../text/tokenizer-json.ts';
import { saveLanguageModel } from '../training/model-folder.ts';
import { trainLanguageModel } from '../training/train-language-model.ts';
import type { StepEvaluation, TrainingProgress } from '../training/train-options.ts';
import { resolveSettings } from '../training/train-settings.ts';
import { configOf, vocabularyOf } from './config-of-flags.ts';
import type { ModelFlags, TrainFlags } from './flags.ts';
import { withPreset } from './model-flags.ts';
import { openTexts } from './open-texts.ts';
import { beginRunTexts, describeTexts, keepRunTexts, placesOf } from './run-texts.ts';
import { checkUsage, namingFlags, settingsOf } from './train-flags.ts';

/** Trains a model on texts, or goes on with it, and writes it into `model/` of the run's folder. */
export async function train(
  sources: readonly string[],
  given: TrainFlags,
  context: CommandContext,
  command: Command,
): Promise<void> {
  const flags = withPreset(given);
  const { out = join('runs', String(flags.preset)), heldOutShare: share, splitSeed } = flags;
  // What can be wrong without the texts comes first.
  const { parameters: most } = checkUsage(command, () => {
    resolveSettings(settingsOf({ ...flags }));
    return languageModelCosts(configOf(flags));
  });
  await namingFlags(async () => {
    checkMemory(most);
    const from = { sources: placesOf(sources), share, seed: splitSeed };
    const split = await openTexts(from, out, context);
    const texts = describeTexts(from, split);
    await makeFolder(out);
    await beginRunTexts(out, texts);
    const backend = await startBackend(flags, context);
    // Before tokens are made, which may take minutes.
    checkTables(configOf(flags));
    const tokenizer = tokenizerOf(split, flags, context);
    const config = configOf(flags, tokenizer.vocabulary);
    const streams = {
      train: tokenStream(split.train, tokenizer),
      heldOut: tokenStream(split.heldOut, tokenizer),
    };
    const { parameters, activeParameters } = languageModelCosts(config);
    context.note(
      `model: ${withPrefix(parameters)} parameters, ${withPrefix(activeParameters)} of them for a token`,
    );
    const { steps, evaluation, params } = await trainLanguageModel({
      ...streams,
      ...{
        config,
        folder: out,
        checkpointSeconds: flags.checkpointSeconds,
        signal: context.signal,
      },
      params: initParams(config, randomKey(flags.seed ?? 0, 'model')),
      settings: settingsOf({ ...flags }),
      about: {
        tokenizer: digestOf(JSON.stringify(tokenizerJson(tokenizer))).slice(0, 16),
      },
      onProgress: shownBy(context),
    });
    const model = new LanguageModel(config, params);
    try {
      const folder = join(out, 'model');
      await saveLanguageModel({ model, tokenizer }, folder);
      await keepRunTexts(out, texts);
      const peakResidentBytes = 1024 * process.resourceUsage().maxRSS;
      context.note(`peak memory of the process: ${bytes(peakResidentBytes)}`);
      const answer = { model: folder, backend: backend.name, steps, evaluation, peakResidentBytes };
      const told = evaluation === undefined ? '' : `, ${textOf(evaluation)}`;
      await context.print(
        flags.json ? `${JSON.stringify(answer)}\n` : `${folder}: ${count(steps, 'step')}${told}\n`,
      );
    } finally {
      model.dispose();
    }
  });
}

/** No backend has words for it when the system refuses memory. */
function checkMemory(parameters: number): void {
  if (4 * parameters <= totalmem()) return;
  throw new RunError(
    `there is no room for ${withPrefix(parameters)} parameters, ${bytes(4 * parameters)}: this machine has ${bytes(totalmem())} of memory; give fewer --keys or a smaller --width`,
  );
}

function checkTables(config: LanguageModelConfig): void {
  const shapes = paramShapes(config);
  const tables = specialParams(config).tables.map((name) => [name, shapes[name] ?? []] as const);
  checkRoom(Object.fromEntries(tables), 'give fewer --keys or a smaller --width');
}

function tokenizerOf({ train }: TextSplit, flags: ModelFlags, { note }: CommandContext): Tokenizer {
  if (flags.tokens === 'bytes') return new Tokenizer();
  const vocabulary = vocabularyOf(flags);
  const tokenizer = new Tokenizer(trainBpe(train, vocabulary));
  const fewer = tokenizer.vocabulary < vocabulary ? ', since no other pair comes twice' : '';
  note(`vocabulary: ${tokenizer.vocabulary} tokens${fewer}`);
  return tokenizer;
}

function shownBy({ note, progress }: CommandContext): (progress: TrainingProgress) => void {
  let told: StepEvaluation | undefined;
  return ({ phase, done, total, loss, tokensPerSecond, remainingSeconds, evaluation }) => {
    if (evaluation !== undefined && evaluation !== told) {
      told = evaluation;
      note(`step ${evaluation.step}: ${textOf(evaluation)}`);
    }
    if (phase === 'evaluate') {
      progress({ title: phase, done, total });
      return;
    }
    const parts = [
      `step ${done} of ${total}`,
      loss === undefined ? '' : `loss ${loss.toFixed(4)}`,
      tokensPerSecond === undefined
        ? ''
        : `${count(Math.round(tokensPerSecond), 'token')} a second`,
    ];
    progress({
      ...{ title: phase, done, total, detail: parts.filter(Boolean).join(', ') },
      ...(remainingSeconds !== undefined && { remainingSeconds }),
    });
  };
}

const textOf = ({ bitsPerByte, perplexity, bytes }: StepEvaluation): string =>
  `${bitsPerByte.toFixed(4)} bits a byte, perplexity ${perplexity.toFixed(2)} on ${count(bytes, 'byte')} held out`;
