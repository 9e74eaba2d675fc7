import { expectNoLeak } from '@neverend/backend/testing';
import { expectRowsLikeLoops, rowRules } from './rows/naive-run.ts';
import { expectLikeLoops, steps } from './steps/naive-steps.ts';

/** Steps of optimisers held against plain loops on the current backend; the tests of backend run them in browsers. */
export const opCases: readonly { readonly name: string; readonly check: () => Promise<void> }[] = [
  ...Object.entries(steps).flatMap(([name, step]) =>
    [[], [7], [33, 31], [3, 65_537]].map((shape) => ({
      name: `one step of ${name} on [${shape}]`,
      check: async () => {
        for (const shared of [false, true]) await expectLikeLoops(step, shape, shared);
      },
    })),
  ),
  ...Object.entries(rowRules).map(([name, rule]) => ({
    name: `steps of rows by ${name}`,
    check: () =>
      expectNoLeak(() =>
        expectRowsLikeLoops(rule, {
          ...{ rowCount: 129, width: 66, weightDecay: 0.3, seed: 1 },
          touched: [[0, 128, 3, 3, 70], [3], [], [64, 0, 3, 64]],
        }),
      ),
  })),
];
