import { join, resolve } from 'node:path';
import { RunError, readJson, withRunCheckpoint, writeJson } from '@neverend/checkpoint/node';
import type { TextDocument } from '../text/document.ts';
import { isDataSet } from '../text/node/data-sets.ts';
import { digestOf } from '../text/node/digest.ts';
import type { TextSplit } from '../text/split-documents.ts';

/** Where texts are, and how they are split. */
export interface TextSources {
  readonly sources: readonly string[];
  readonly share: number;
  readonly seed: number;
}

/** One text as it was. */
interface TextMark {
  readonly name: string;
  readonly sha256: string;
}

/** Which texts a run is of: a model must not be tested on what it learned. */
export interface RunTexts extends TextSources {
  readonly train: readonly TextMark[];
  readonly heldOut: readonly TextMark[];
}

/** Data sets by their names, files by their whole paths: a run is opened from other folders, too. */
export const placesOf = (sources: readonly string[]): readonly string[] =>
  sources.map((source) => (isDataSet(source) ? source : resolve(source)));

export function describeTexts(from: TextSources, { train, heldOut }: TextSplit): RunTexts {
  const marks = (documents: readonly TextDocument[]) =>
    documents.map(({ name, bytes }) => ({ name, sha256: digestOf(bytes) }));
  const { sources, share, seed } = from;
  return { sources, share, seed, train: marks(train), heldOut: marks(heldOut) };
}

const fileOf = (folder: string): string => join(folder, 'texts.json');

/** @returns undefined where a folder is none of a run. @throws RunError where its file is damaged. */
export async function runTextsOf(folder: string): Promise<RunTexts | undefined> {
  const found = await readJson(fileOf(folder));
  if (found === undefined || isRunTexts(found)) return found;
  throw new RunError(`${fileOf(folder)} is not what train writes; restore it or name texts`);
}

/** Writes down what a run is of, for who tests its model. */
export async function keepRunTexts(folder: string, texts: RunTexts): Promise<void> {
  await writeJson(fileOf(folder), texts);
}

/**
 * Writes down what a run that begins is of.
 *
 * @throws RunError naming what differs where it is under way with other texts.
 */
export async function beginRunTexts(folder: string, texts: RunTexts): Promise<void> {
  const isUnderWay = await withRunCheckpoint(folder, async () => true);
  if (isUnderWay === undefined) {
    await keepRunTexts(folder, texts);
    return;
  }
  const before = await runTextsOf(folder);
  const changes = before === undefined ? [] : changesOf(before, texts);
  if (changes.length > 0) {
    throw new RunError(
      `${folder} holds a run of other texts (${shortList(changes)}); give it the same ones or use another folder`,
    );
  }
}

/** @throws RunError naming what differs. @param path of the run. */
export function checkSameTexts(path: string, before: RunTexts, now: RunTexts): void {
  const changes = changesOf(before, now);
  if (changes.length > 0) {
    throw new RunError(
      `the texts of ${path} are not what they were when it was trained (${shortList(changes)}); restore them or name texts that it did not learn from`,
    );
  }
}

/** What differs, by texts' names; texts are the same by their bytes. */
function changesOf(before: RunTexts, now: RunTexts): string[] {
  const split = [
    ...changeOf('--held-out-share', before.share, now.share),
    ...changeOf('--split-seed', before.seed, now.seed),
  ];
  if (split.length > 0) return split;
  const [old, young] = [partsOf(before), partsOf(now)];
  const lost = [...old.values()].filter(({ sha256 }) => !young.has(sha256));
  const added = [...young.values()].filter(({ sha256 }) => !old.has(sha256));
  const [gone, come] = [lost, added].map((marks) => new Set(marks.map(({ name }) => name)));
  const moved = [...old].flatMap(([sha256, { name, part }]) => {
    const now = young.get(sha256)?.part ?? part;
    return now === part ? [] : [`${name} was ${part} and would be ${now}`];
  });
  return [
    ...lost.map(({ name }) => `${name} ${come?.has(name) ? 'has changed' : 'is missing'}`),
    ...added.filter(({ name }) => !gone?.has(name)).map(({ name }) => `${name} is new`),
    ...moved,
  ];
}

const changeOf = (name: string, before: number, now: number): readonly string[] =>
  before === now ? [] : [`${name}: ${before} became ${now}`];

const partsOf = ({ train, heldOut }: RunTexts) =>
  new Map(
    [
      ...train.map((mark) => ({ ...mark, part: 'learned from' })),
      ...heldOut.map((mark) => ({ ...mark, part: 'held out' })),
    ].map((mark) => [mark.sha256, mark]),
  );

/** The first three, and how many more there are. */
export function shortList(items: readonly string[]): string {
  const more = items.length > 3 ? [`and ${items.length - 3} more`] : [];
  return [...items.slice(0, 3), ...more].join('; ');
}

function isRunTexts(value: unknown): value is RunTexts {
  const { sources, share, seed, train, heldOut } = { ...(value as Partial<RunTexts> | null) };
  const isMark = (mark: Partial<TextMark> | null) =>
    typeof mark?.name === 'string' && typeof mark.sha256 === 'string';
  return (
    Array.isArray(sources) &&
    sources.every((source) => typeof source === 'string') &&
    [share, seed].every(Number.isFinite) &&
    [train, heldOut].every((part) => Array.isArray(part) && part.every(isMark))
  );
}
