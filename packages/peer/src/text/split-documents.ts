import { checkNumber, checkOptions, randomKey, randomPermutation } from '@neverend/backend';
import { bytesOf, type TextDocument } from './document.ts';

/** How documents are told apart. */
export interface SplitOptions {
  /** The share of the bytes that is held out, at least: above 0 and below 1. Default: 0.05. */
  readonly share?: number;
  /** Of the order in which documents are held out. Default: 0. */
  readonly seed?: number;
}

/** Texts to learn from, and others to test on. */
export interface TextSplit {
  readonly train: readonly TextDocument[];
  readonly heldOut: readonly TextDocument[];
  /** Where the only document there was is cut. */
  readonly cut?: Cut;
}

/** A place in a document: after a paragraph, where one ends near the place that was wanted, else after a line, else after a space, else there. */
export interface Cut {
  readonly at: number;
  readonly after: 'paragraph' | 'line' | 'space' | 'byte';
}

/**
 * Holds whole documents out, drawn by the seed until they have the share of all bytes; one at least is left to learn from. A document that is alone is cut in
 * two near that share, its end held out: of either side a third at least of what was wanted is left.
 *
 * @throws RangeError where there is nothing to split, or for a share out of its range. @throws TypeError for an unknown option.
 */
export function splitDocuments(
  documents: readonly TextDocument[],
  options: SplitOptions = {},
): TextSplit {
  checkOptions('splitDocuments', options, ['share', 'seed']);
  const { share = 0.05, seed = 0 } = options;
  checkNumber('share', share, 0);
  if (share <= 0 || share >= 1) {
    throw new RangeError(`share was ${share}; it must be above 0 and below 1`);
  }
  const wanted = share * bytesOf(documents);
  const [first, ...others] = documents;
  if (first === undefined) throw new RangeError('documents was empty; it must have one at least');
  if (others.length === 0) return cutInTwo(first, first.bytes.length - wanted);
  const order = randomPermutation(randomKey(seed, 'held out'), documents.length);
  const out = new Set<TextDocument>();
  let bytes = 0;
  for (const index of order.subarray(1)) {
    if (bytes >= wanted) break;
    const document = documents[index] as TextDocument;
    out.add(document);
    bytes += document.bytes.length;
  }
  return {
    train: documents.filter((document) => !out.has(document)),
    heldOut: documents.filter((document) => out.has(document)),
  };
}

const [newline, carriageReturn, space] = [10, 13, 32];

/** @param near where the end that is held out is to begin, about. */
function cutInTwo({ name, bytes }: TextDocument, near: number): TextSplit {
  if (bytes.length < 2) {
    throw new RangeError(
      `${name} had ${bytes.length} bytes; a text that is split needs two at least`,
    );
  }
  const cut = cutNear(bytes, Math.min(bytes.length - 1, Math.max(1, Math.round(near))));
  return {
    train: [{ name: `${name}, the beginning`, bytes: bytes.subarray(0, cut.at) }],
    heldOut: [{ name: `${name}, the end`, bytes: bytes.subarray(cut.at) }],
    cut,
  };
}

function cutNear(bytes: Uint8Array, middle: number): Cut {
  const endsLine = (at: number) => bytes[at - 1] === newline;
  const endsParagraph = (at: number) =>
    endsLine(at) && endsLine(bytes[at - 2] === carriageReturn ? at - 2 : at - 1);
  const ends = {
    paragraph: endsParagraph,
    line: endsLine,
    space: (at: number) => bytes[at - 1] === space,
  };
  for (const after of ['paragraph', 'line', 'space'] as const) {
    const at = nearest(middle, bytes.length, ends[after]);
    if (at !== undefined) return { at, after };
  }
  return { at: middle, after: 'byte' };
}

/** The place that is nearest to `middle`, no farther off than two thirds of the shorter side. */
function nearest(middle: number, end: number, is: (at: number) => boolean): number | undefined {
  const most = (2 * Math.min(middle, end - middle)) / 3;
  for (let off = 0; off <= most; off++) {
    if (is(middle - off)) return middle - off;
    if (is(middle + off)) return middle + off;
  }
  return undefined;
}
