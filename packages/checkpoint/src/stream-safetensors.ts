import { littleEndianHost, swapToHostOrder } from './byte-order.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { type NamedArray, type SlicedArray, shapeSize } from './named-array.ts';
import { checkClass, layoutOf } from './safetensors-layout.ts';

const pieceBytes = 2 ** 24;

/**
 * The bytes that `encodeSafetensors` gives, in pieces of at most 16 MiB, of which only one is in memory: the file may have any
 * size. The pieces are views of the arrays' memory: write each before you take the next.
 *
 * @param tensors arrays, and such as are given in slices; these are asked for one array after another, in the file's order.
 * @throws CheckpointError at once, naming the array or the metadata that cannot be written; and from the iteration where
 * slices do not fill the shape, or are not of the dtype, and what the slices throw.
 */
export function streamSafetensors(
  tensors: Readonly<Record<string, NamedArray | SlicedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { head, arrays } = layoutOf(tensors, metadata);
  return (async function* () {
    yield head;
    for (const array of arrays) {
      if ('slices' in array) {
        for await (const slice of checkedSlices(array.name, array)) yield* piecesOf(slice);
      } else yield* piecesOf(array.data);
    }
  })();
}

/** The slices, which are known to be those of the array only at their end. */
async function* checkedSlices(
  name: string,
  { dtype, shape, slices }: SlicedArray,
): AsyncGenerator<NamedArray['data']> {
  const elements = shapeSize(shape);
  const wrongCount = (count: string) =>
    new CheckpointError(
      `the slices of tensor ${JSON.stringify(name)} have ${count} elements; its shape [${shape}] needs ${elements}`,
    );
  let count = 0;
  for await (const slice of slices as AsyncIterable<NamedArray['data']>) {
    checkClass(name, dtype, slice);
    count += slice.length;
    if (count > elements) throw wrongCount(`at least ${count}`);
    yield slice;
  }
  if (count !== elements) throw wrongCount(`${count}`);
}

/** The bytes of an array in the file's order. */
function* piecesOf(data: NamedArray['data']): Generator<Uint8Array> {
  const { buffer, byteOffset, byteLength } = data;
  for (let at = 0; at < byteLength; at += pieceBytes) {
    // Not of one view of all bytes, which Node 20 ends at 4 GiB.
    const piece = new Uint8Array(buffer, byteOffset + at, Math.min(pieceBytes, byteLength - at));
    if (littleEndianHost) yield piece;
    else {
      const swapped = new Uint8Array(piece);
      swapToHostOrder(swapped, data.BYTES_PER_ELEMENT);
      yield swapped;
    }
  }
}
