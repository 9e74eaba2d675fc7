import { checkedSize, randomInt, randomKey } from '@neverend/backend';
import { bytesOfTokens, type TokenStream } from './token-stream.ts';

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

function tooShort(stream: TokenStream, length: number): RangeError {
  const { tokens } = stream;
  return new RangeError(
    `the text to learn from had ${tokens.length} tokens (${bytesOfTokens(tokens, stream)} bytes); a window of ${length} needs ${length + 1} at least`,
  );
}

/** How a stream is tested. */
export interface TestOptions extends Pick<Windows, 'length'> {
  /** How many windows are given at a time, at most. */
  readonly rows: number;
  /** How many tokens of a window the one before had too; below its length. */
  readonly overlap: number;
  /** So many windows at most, spread over the stream: what lies between them is left out. Default: all of it. */
  readonly windows?: number | undefined;
}

/**
 * Windows that go over a stream, so that each token of the documents is a target that counts in one of them, and boundaries in none. Those that count have
 * `overlap` tokens or more of the stream before them, but for the first ones.
 *
 * @throws ShapeError | RangeError naming an option.
 */
export function testWindows(
  stream: TokenStream,
  { rows, length, overlap, windows }: TestOptions,
): TestWindows[] {
  checkedSize('rows', rows);
  checkedSize('length', length);
  checkedSize('overlap', overlap, 0);
  if (windows !== undefined) checkedSize('windows', windows);
  if (overlap >= length) {
    throw new RangeError(`overlap was ${overlap}; it must be below the length, which is ${length}`);
  }
  const last = stream.tokens.length - 1;
  const size = Math.min(length, last);
  const all: Place[] = [];
  for (let done = 0; done < last; ) {
    const at = Math.max(0, Math.min(done - overlap, last - size));
    all.push({ at, counts: done - at });
    done = at + size;
  }
  const kept = Math.min(all.length, windows ?? all.length);
  const places = Array.from(
    { length: kept },
    (_, index) => all[Math.floor((index * all.length) / kept)] as Place,
  );
  return Array.from({ length: Math.ceil(kept / rows) }, (_, batch) =>
    countedWindows(stream, places.slice(batch * rows, (batch + 1) * rows), size),
  );
}

/** Where a window begins, and from which of its targets on they count. */
interface Place {
  readonly at: number;
  readonly counts: number;
}

function countedWindows(stream: TokenStream, places: readonly Place[], size: number): TestWindows {
  const windows = cut(
    stream,
    places.map(({ at }) => at),
    size,
  );
  const counted = Float32Array.from(windows.targets, (target, index) => {
    const { counts } = places[Math.floor(index / size)] as Place;
    return Number(index % size >= counts && target !== stream.boundary);
  });
  return { ...windows, counted };
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
