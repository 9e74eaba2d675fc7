import { tolerances } from '@neverend/backend/testing';
import { expectLikeNaive, sizes, sizesOf } from './attention-case.ts';

/**
 * Attention held against its reference on the current backend; the tests of backend run it in browsers,
 * some of them on webgl, so with the widest tolerance.
 */
export const opCases: readonly { readonly name: string; readonly check: () => Promise<void> }[] =
  sizes.flatMap((list) => {
    const size = sizesOf(list);
    return [
      {
        name: `scaledDotProductAttention of [${list}]`,
        check: () => expectLikeNaive(tolerances.webgpu, size, {}, {}),
      },
      {
        name: `scaledDotProductAttention of [${list}], causal`,
        check: () =>
          expectLikeNaive(
            tolerances.webgpu,
            size,
            { causal: true },
            { added: (_row, _head, i, j) => (j <= i ? 0 : -Infinity) },
          ),
      },
    ];
  });
