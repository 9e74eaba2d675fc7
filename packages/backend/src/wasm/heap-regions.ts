/** A part of the heap that is not in use. */
interface FreeRegion {
  readonly start: number;
  /** What a block in it could have. */
  readonly bytes: number;
}

/** The heap as its allocator, Emscripten's emmalloc, has laid it out. */
interface HeapRegions {
  /** Where what the allocator has claimed ends, at most. */
  top(): number;
  free(): FreeRegion[];
  /** Takes the first bytes of a free region as `malloc` would, and gives the address of the block. */
  take(region: FreeRegion, bytes: number): number;
}

/** The length of a region stands in its first and in its last four bytes. */
const lengths = 8;
/** The region of no payload that ends each part of the heap. The first region of a part has that end in its third word. */
const border = 16;

/**
 * Reads the layout of the heap: parts that the allocator claimed one after the other, of regions that are used or free, which the
 * last bit of the second length tells. Free regions are a doubly linked list.
 *
 * @param block an address that the allocator has given. @param release gives a block back.
 * @returns undefined where the heap is laid out otherwise.
 */
export function heapRegions(
  bytes: () => Uint8Array,
  block: number,
  release: (address: number) => void,
): HeapRegions | undefined {
  const words = (): Uint32Array => new Uint32Array(bytes().buffer);
  const at = (heap: Uint32Array, address: number): number => heap[address / 4] ?? 0;

  /** The end of the part that begins here, if one does. */
  function endOf(heap: Uint32Array, start: number): number | undefined {
    const end = at(heap, start + 8);
    const ends = at(heap, end - border) === border && at(heap, end - 4) === border;
    return ends && end > start && at(heap, start) >= border ? end : undefined;
  }

  function findFirst(): number | undefined {
    const heap = words();
    for (let start = block - 4; start > 0; ) {
      if ((endOf(heap, start) ?? 0) > block) return start;
      const before = at(heap, start - 4) & ~1;
      if (before === 0) return undefined;
      start -= before;
    }
    return undefined;
  }

  const found = findFirst();
  if (found === undefined) return undefined;
  const first = found;

  const after = (end: number): number => 8 * Math.ceil(end / 8);

  /** Where each part starts and ends. What was never claimed is zeros. */
  function* parts(heap: Uint32Array): Generator<[number, number]> {
    for (let start = first, end = endOf(heap, start); end !== undefined; end = endOf(heap, start)) {
      yield [start, end];
      start = after(end);
    }
  }

  return {
    top() {
      const heap = words();
      const top = Math.max(...[...parts(heap)].map(([, end]) => end));
      return at(heap, after(top)) === 0 ? top : bytes().length;
    },
    free() {
      const heap = words();
      const regions: FreeRegion[] = [];
      for (const [start, end] of parts(heap)) {
        for (let region = start, length = 0; region < end; region += length) {
          length = Math.max(at(heap, region), lengths);
          const isFree = (at(heap, region + length - 4) & 1) === 1;
          if (isFree) regions.push({ start: region, bytes: length - lengths });
        }
      }
      return regions;
    },
    take({ start, bytes: size }, wanted) {
      const heap = words();
      const [before, after] = [at(heap, start + 4), at(heap, start + 8)];
      heap[before / 4 + 2] = after;
      heap[after / 4 + 1] = before;
      const use = (region: number, length: number): void => {
        heap[region / 4] = length;
        heap[(region + length) / 4 - 1] = length;
      };
      const length = lengths + 8 * Math.ceil(wanted / 8);
      const rest = size + lengths - length;
      if (rest < border + lengths) use(start, size + lengths);
      else {
        use(start, length);
        use(start + length, rest);
        // The allocator puts it into the right list.
        release(start + length + 4);
      }
      return start + 4;
    },
  };
}
