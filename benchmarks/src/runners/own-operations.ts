import { encoderBlock, spaceAttention } from '@neverend/attention';
import { linearScan, recurrentBlock } from '@neverend/lru';
import { gatherRows, gelu, layerNorm, rmsNorm, scatterAddRows, softmax } from '@neverend/nn';
import { AdamW } from '@neverend/optim';
import * as tf from '@tensorflow/tfjs-core';
import type { adamWSettings } from '../cases/adamw.ts';
import { ownModels } from './own-models.ts';
import { gradientsOf, parameterVariables } from './stock-operations.ts';
import { input, type Operations } from './tfjs-operations.ts';

/** The operations of this repository's packages. */
export const ownOperations: Operations = {
  models: ownModels,
  pure: {
    // A backend that `useBackend` has readied serves it with the packages' own product where it has one.
    matMul: (inputs, { transposeA, transposeB }) =>
      tf.matMul(input(inputs, 'a'), input(inputs, 'b'), transposeA === true, transposeB === true),
    softmax: (inputs) => softmax(input(inputs, 'x')),
    layerNorm: (inputs, { eps }) =>
      layerNorm(input(inputs, 'x'), input(inputs, 'scale'), input(inputs, 'bias'), eps as number),
    rmsNorm: (inputs, { eps }) =>
      rmsNorm(input(inputs, 'x'), input(inputs, 'scale'), { eps: eps as number }),
    gelu: (inputs) => gelu(input(inputs, 'x'), { bias: input(inputs, 'bias') }),
    linearScan: (inputs) => linearScan(input(inputs, 'x'), input(inputs, 'a')).y,
    recurrentBlock: (inputs) => recurrentBlock(input(inputs, 'x'), inputs).y,
    gatherRows: (inputs) => gatherRows(input(inputs, 'table'), input(inputs, 'indices')),
    spaceAttention: (inputs, { heads }) => {
      const prefix = 'MultiHeadDotProductAttention_0/';
      const params = Object.fromEntries(
        Object.entries(inputs).map(([name, value]) => [name.replace(prefix, ''), value]),
      );
      return spaceAttention(input(inputs, 'x'), params, { heads: heads as number });
    },
    encoderBlock: (inputs, { heads }) =>
      encoderBlock(input(inputs, 'x'), inputs, { heads: heads as number }),
  },
  stateful: {
    scatterAddRows: (inputs) => {
      const table = tf.variable(input(inputs, 'table'));
      input(inputs, 'table').dispose();
      const [indices, rows] = [input(inputs, 'indices'), input(inputs, 'rows')];
      return {
        run: () => scatterAddRows(table, indices, rows),
        read: () => [gatherRows(table, indices)],
        dispose: () => tf.dispose([table, indices, rows]),
      };
    },
    adamW: (inputs, attrs) => {
      const variables = parameterVariables(inputs);
      const optimizer = new AdamW(attrs as typeof adamWSettings);
      let turn = 0;
      return {
        run: () => optimizer.applyGradients(gradientsOf(inputs, variables, turn++)),
        read: () => Object.values(variables).map((variable) => tf.clone(variable)),
        runsToRead: 3,
        dispose: () => {
          optimizer.dispose();
          tf.disposeVariables();
          tf.dispose(Object.values(inputs));
        },
      };
    },
  },
};
