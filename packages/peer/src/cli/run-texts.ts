import { join, resolve } from 'node:path';
import { RunError, readJson, writeJson } from '@neverend/checkpoint/node';
import { type CommandContext, count, bytes as inBytes } from '@neverend/command-line';
import { bytesOf, type TextDocument } from '../text/document.ts';
import { isDataSet } from '../text/node/data-sets.ts';
import { readTexts } from '../text/node/read-texts.ts';
import { splitDocuments, type TextSplit } from '../text/split-documents.ts';

/** Which texts a run is of, and how they were split. */
export interface RunTexts {
  readonly sources: readonly string[];
  readonly share: number;
  readonly seed: number;
}

/** Texts to test a model on, and those that it learned from, where it is known which they were. */
export interface TestedTexts {
  readonly tested: readonly TextDocument[];
  readonly train?: readonly TextDocument[] | undefined;
}

const fileName = 'texts.json';

/** Writes down what a run is of, for who tests its model. */
export async function keepRunTexts(folder: string, { sources, ...split }: RunTexts): Promise<void> {
  const places = sources.map((source) => (isDataSet(source) ? source : resolve(source)));
  await writeJson(join(folder, fileName), { sources: places, ...split });
}

/** @returns undefined where a folder is none of a run. */
export async function runTextsOf(folder: string): Promise<RunTexts | undefined> {
  return (await readJson(join(folder, fileName))) as RunTexts | undefined;
}

/** Reads texts and splits them, and says how. @param folder of the run, whose own files are none of them. */
export async function openTexts(
  { sources, share, seed }: RunTexts,
  folder: string,
  { note }: Pick<CommandContext, 'note'>,
): Promise<TextSplit> {
  const { documents, leftOut } = await readTexts(sources, folder);
  for (const name of leftOut) note(`left out: ${name}`);
  const split = splitDocuments(documents, { share, seed });
  const { train, heldOut, cut } = split;
  const told = (of: TextSplit['train']) => `${count(of.length, 'text')}, ${inBytes(bytesOf(of))}`;
  if (cut !== undefined) {
    const [only] = documents;
    const where = cut.after === 'byte' ? `at byte ${cut.at}` : `after a ${cut.after}`;
    note(`${only?.name} is alone: its end is held out, cut off ${where}`);
  }
  note(`to learn from: ${told(train)}; held out: ${told(heldOut)}`);
  return split;
}

/**
 * Texts that were named, or those that a run held out.
 *
 * @param path of the folder that was given. @param texts of the run; undefined where it is none.
 * @throws RunError where there are neither.
 */
export async function openTested(
  path: string,
  texts: RunTexts | undefined,
  sources: readonly string[],
  context: Pick<CommandContext, 'note'>,
): Promise<TestedTexts> {
  const split = texts && (await openTexts(texts, path, context));
  const tested = sources.length > 0 ? (await readTexts(sources)).documents : split?.heldOut;
  if (tested === undefined) {
    throw new RunError(`${path} is no folder of a run, which knows its texts; name some`);
  }
  return { tested, train: split?.train };
}
