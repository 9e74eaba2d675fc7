import { type NamedArray, shapeSize } from './named-array.ts';

/** The same array with its data in row-major order, from data whose first index runs fastest. */
export function fromFortranOrder<A extends NamedArray>(array: A): A {
  const { shape, data: source } = array;
  if (shape.filter((size) => size !== 1).length < 2) return array;
  const strides = shape.map((_, axis) => shapeSize(shape.slice(0, axis)));
  const data = source.slice();
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    data[to] = source[from] as never;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [size = 0, stride = 0] = [shape[axis], strides[axis]];
      const next = (index[axis] ?? 0) + 1;
      from += stride;
      index[axis] = next;
      if (next < size) break;
      from -= size * stride;
      index[axis] = 0;
    }
  }
  return { ...array, data };
}
