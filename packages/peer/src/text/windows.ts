import { checkedSize, randomInt, randomKey } from '@neverend/backend';
import type { TokenStream } from './token-stream.ts';

/** Stretches of a stream: `rows` times `length` tokens, and for each the one that comes next. */
export interface Windows {
  readonly rows: number;
  readonly length: number;
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
}

/** Windows of a test, and which of their targets count: 1 or 0. */
export interface TestWindows extends Windows {
  readonly counted: Float32Array;
}

/**
 * Windows at places that are drawn at random, a function of the seed and the step alone.
 *
 * @throws RangeError where the stream is shorter than a window. @throws ShapeError naming a size.
 */
export function trainingWindows(
  stream: TokenStream,
  {
    rows,
    length,
    seed,
    step,
  }: Pick<Windows, 'rows' | 'length'> & {
    readonly seed: number;
    readonly step: number;
  },
): Windows {
  const places = stream.tokens.length - length;
  if (places < 1) throw tooShort(stream, length);
  return cut(stream, [...randomInt(randomKey(seed, 'windows', step), rows, places)], length);
}

function tooShort({ tokens, bytes }: TokenStream, length: number): RangeError {
  return new RangeError(
    `the text to learn from had ${tokens.length} tokens (${bytes} bytes); a window of ${length} needs ${length + 1} at least`,
  );
}

/**
 * Windows that go over a whole stream, so that each token of the documents is a target that counts in one of them, and boundaries in none. Those that count
 * have `overlap` tokens or more of the stream before them, but for the first ones.
 *
 * @param rows how many windows are given at a time, at most.
 * @param overlap how many tokens of a window the one before had too; below its length.
 * @throws ShapeError | RangeError naming an argument.
 */
export function* testWindows(
  stream: TokenStream,
  { rows, length, overlap }: Pick<Windows, 'rows' | 'length'> & { readonly overlap: number },
): Generator<TestWindows, void> {
  checkedSize('rows', rows);
  checkedSize('length', length);
  checkedSize('overlap', overlap, 0);
  if (overlap >= length) {
    throw new RangeError(`overlap was ${overlap}; it must be below the length, which is ${length}`);
  }
  const last = stream.tokens.length - 1;
  const size = Math.min(length, last);
  let done = 0;
  let starts: { readonly at: number; readonly counts: number }[] = [];
  const batch = () => {
    const windows = cut(
      stream,
      starts.map(({ at }) => at),
      size,
    );
    const counted = Float32Array.from(windows.targets, (target, index) => {
      const { counts } = starts[Math.floor(index / size)] as (typeof starts)[number];
      return Number(index % size >= counts && target !== stream.boundary);
    });
    starts = [];
    return { ...windows, counted };
  };
  while (done < last) {
    const at = Math.max(0, Math.min(done - overlap, last - size));
    starts.push({ at, counts: done - at });
    done = at + size;
    if (starts.length === rows) yield batch();
  }
  if (starts.length > 0) yield batch();
}

function cut({ tokens }: TokenStream, places: readonly number[], length: number): Windows {
  const rows = places.length;
  const [inputs, targets] = [new Int32Array(rows * length), new Int32Array(rows * length)];
  for (const [row, at] of places.entries()) {
    inputs.set(tokens.subarray(at, at + length), row * length);
    targets.set(tokens.subarray(at + 1, at + 1 + length), row * length);
  }
  return { rows, length, inputs, targets };
}
