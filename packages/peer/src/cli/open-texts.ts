import { RunError } from '@neverend/checkpoint/node';
import { type CommandContext, count, bytes as inBytes, messageOf } from '@neverend/command-line';
import { bytesOf, type TextDocument } from '../text/document.ts';
import { digestOf } from '../text/node/digest.ts';
import { readTexts } from '../text/node/read-texts.ts';
import { splitDocuments, type TextSplit } from '../text/split-documents.ts';
import { modelFolderOf } from './open-model.ts';
import {
  checkSameTexts,
  describeTexts,
  type RunTexts,
  runTextsOf,
  shortList,
  type TextSources,
} from './run-texts.ts';

type Note = Pick<CommandContext, 'note'>;

/** Texts to test a model on, and those that it learned from, where they are wanted and it is known which they were. */
export interface TestedTexts {
  readonly tested: readonly TextDocument[];
  readonly train?: readonly TextDocument[] | undefined;
}

/** Reads texts and splits them, and says how. @param folder of the run, whose own files are none of them. */
export async function openTexts(
  { sources, share, seed }: TextSources,
  folder: string,
  { note }: Note,
): Promise<TextSplit> {
  const documents = await readNoting(sources, { note }, folder);
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

async function readNoting(
  sources: readonly string[],
  { note }: Note,
  except?: string,
): Promise<readonly TextDocument[]> {
  const { documents, leftOut, duplicates } = await readTexts(sources, except);
  for (const name of leftOut) note(`left out: ${name}`);
  if (duplicates.length > 0) {
    note(`left out, since they are there already: ${shortList(duplicates)}`);
  }
  return documents;
}

/**
 * Texts that were named, or those that a run held out.
 *
 * @param path of the folder that was given. @param wants whether the texts that the model learned from are wanted, too.
 * @throws RunError where there are neither, and where those of the run are not what they were.
 */
export async function openTested(
  path: string,
  sources: readonly string[],
  wants: { readonly train: boolean },
  { note }: Note,
): Promise<TestedTexts> {
  const isRun = (await modelFolderOf(path)) !== path;
  if (sources.length === 0) {
    const texts = isRun ? await runTextsOf(path) : undefined;
    if (texts === undefined) {
      throw new RunError(`${path} is no folder of a run, which knows its texts; name some`);
    }
    const { heldOut, train } = await openRun(path, texts, { note });
    return { tested: heldOut, train };
  }
  const tested = await readNoting(sources, { note });
  if (!isRun) return { tested };
  try {
    const texts = await runTextsOf(path);
    if (texts === undefined) return { tested };
    const learned = new Set(texts.train.map(({ sha256 }) => sha256));
    const seen = tested.filter(({ bytes }) => learned.has(digestOf(bytes)));
    if (seen.length > 0) {
      note(`warning: the model learned from ${shortList(seen.map(({ name }) => name))}`);
    }
    return {
      tested,
      train: wants.train ? (await openRun(path, texts, { note })).train : undefined,
    };
  } catch (cause) {
    if (wants.train) {
      throw new RunError(`${messageOf(cause)}; --no-baselines does without`, { cause });
    }
    note(`warning: whether the model learned from these texts is not known: ${messageOf(cause)}`);
    return { tested };
  }
}

/** The texts of a run, as they were when it was trained. */
async function openRun(path: string, texts: RunTexts, context: Note): Promise<TextSplit> {
  const split = await openTexts(texts, path, context);
  checkSameTexts(path, texts, describeTexts(texts, split));
  return split;
}
