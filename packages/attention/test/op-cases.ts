import { currentTolerance } from '@neverend/backend/testing';
import { expectLikeNaive, sizes, sizesOf } from './attention-case.ts';

/** Attention held against its reference on the current backend; the tests of backend run it in browsers. */
export const opCases: readonly { readonly name: string; readonly check: () => Promise<void> }[] =
  sizes.flatMap((list) => {
    const size = sizesOf(list);
    return [
      {
        name: `scaledDotProductAttention of [${list}]`,
        check: () => expectLikeNaive(currentTolerance(), size, {}, {}),
      },
      {
        name: `scaledDotProductAttention of [${list}], causal`,
        check: () =>
          expectLikeNaive(
            currentTolerance(),
            size,
            { causal: true },
            { added: (_row, _head, i, j) => (j <= i ? 0 : -Infinity) },
          ),
      },
    ];
  });
