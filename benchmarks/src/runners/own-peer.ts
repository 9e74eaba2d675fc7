import { gatherRows } from '@neverend/nn';
import { AdamW, LazyAdam, RowAdagrad } from '@neverend/optim';
import { type PeerConfig, peer } from '@neverend/peer';
import { productKeySearch, rowGradients, rowProducts, weightedRows } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import type { TableOptimizer } from '../cases/peer.ts';
import type { Case } from '../types.ts';
import { input, type Operations, type Stateful, type Tensors } from './tfjs-operations.ts';

type Attrs = Case['attrs'];

/** PEER and product-key memories of this repository's packages. */
export const ownPeer: Pick<
  NonNullable<Operations['models']>,
  'peer' | 'peerStep' | 'productKeySearch' | 'weightedRows' | 'rowProducts'
> = {
  weightedRows: (inputs) => {
    const { table, indices, weights } = inputs as Record<
      'table' | 'indices' | 'weights',
      tf.Tensor
    >;
    return inTurn([indices, weights], [table], ([at, by]) => weightedRows(table, at, by));
  },
  rowProducts: (inputs) => {
    const { table, indices, x } = inputs as Record<'table' | 'indices' | 'x', tf.Tensor>;
    return inTurn([indices, x], [table], ([at, by]) => rowProducts(table, at, by));
  },
  productKeySearch: (inputs, { k }) => {
    const keys = [input(inputs, 'keys/0'), input(inputs, 'keys/1')];
    return inTurn(
      [input(inputs, 'queries')],
      keys,
      ([queries]) => productKeySearch(queries, keys, k as number).scores,
    );
  },
  peer: ({ x, ...params }, attrs) => {
    const config = configOf(params, attrs);
    return inTurn([x as tf.Tensor], Object.values(params), ([of]) => peer(of, params, config).y);
  },
  peerStep,
};

/** Runs on one batch after the other: the first axis of `batched`. Both are kept, and disposed in the end. */
function inTurn(
  batched: readonly tf.Tensor[],
  others: readonly tf.Tensor[],
  compute: (batch: [tf.Tensor, tf.Tensor]) => tf.Tensor,
): Stateful {
  const batches = batched.map((of) => tf.unstack(of));
  tf.dispose([...batched]);
  let turn = 0;
  let y: tf.Tensor | undefined;
  return {
    run: () => {
      y?.dispose();
      const at = turn++ % (batches[0]?.length ?? 1);
      const batch = batches.map((of) => of[at] as tf.Tensor) as [tf.Tensor, tf.Tensor];
      y = tf.tidy(() => compute(batch));
    },
    read: () => (y === undefined ? [] : [tf.clone(y)]),
    dispose: () => tf.dispose([...batches.flat(), ...others, ...(y === undefined ? [] : [y])]),
  };
}

function configOf(params: Tensors, { heads, k }: Attrs): PeerConfig {
  const [, size = 1, keyWidth = 1] = input(params, 'keys/0').shape;
  return {
    ...{ heads: heads as number, k: k as number, sizes: [size, size], keyWidth },
    ...{ norm: 'none', bias: false },
  };
}

/** About how many rows of a table are compared. */
const readRows = 16_384;

/** Gradients of x, of what is dense, and of the rows that were picked; then an update of these. */
function peerStep({ x, dy, ...values }: Tensors, attrs: Attrs): Stateful {
  const config = configOf(values, attrs);
  const params = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, tf.variable(value, true, name)]),
  );
  const batches = tf.unstack(x as tf.Tensor).map((of) => tf.variable(of));
  tf.dispose([x as tf.Tensor, ...Object.values(values)]);
  const { down, up, ...dense } = params as Record<
    'down' | 'up' | 'keys/0' | 'query/kernel',
    tf.Variable
  >;
  const adam = new AdamW({ ...adamOf(attrs), weightDecay: 0 });
  const rows = rowOptimizer(attrs);
  let turn = 0;
  return {
    run: async () => {
      const batch = batches[turn++ % batches.length] as tf.Variable;
      const gradients = await rowGradients(
        () => tf.sum(tf.mul(peer(batch, params, config).y, dy as tf.Tensor)),
        { tables: { down, up }, variables: [batch, ...Object.values(dense)] },
      );
      const { [batch.name]: dx, ...grads } = gradients.grads;
      adam.applyGradients(grads);
      await rows.applyGradients(gradients.rows);
      tf.dispose([gradients.value, dx as tf.Tensor, grads]);
      tf.dispose([gradients.rows.down.rows, gradients.rows.up.rows]);
    },
    read: () => {
      const [count = 1] = down.shape;
      const some = tf.range(0, count, Math.ceil(count / readRows), 'int32');
      const rows = [down, up].map((table) => gatherRows(table, some));
      some.dispose();
      return [...rows, tf.clone(dense['query/kernel']), tf.clone(dense['keys/0'])];
    },
    runsToRead: attrs['steps'] as number,
    dispose: () => {
      adam.dispose();
      rows.dispose();
      tf.disposeVariables();
      dy?.dispose();
    },
  };
}

function rowOptimizer(attrs: Attrs): RowAdagrad | LazyAdam {
  const tables = attrs['tables'] as TableOptimizer;
  if (tables === 'adam') {
    const { learningRate, epsilon } = adamOf(attrs);
    // It adds epsilon before its correction of the bias, as SparseAdam does: at the first step this is Adam.
    return new LazyAdam({ learningRate, epsilon: epsilon * Math.sqrt(1 - 0.999) });
  }
  return new RowAdagrad({
    learningRate: attrs['tableRate'] as number,
    epsilon: attrs['tableEpsilon'] as number,
    initialSum: attrs['initialSum'] as number,
    per: tables === 'adagrad' ? 'element' : 'row',
  });
}

const adamOf = (attrs: Attrs) => ({
  learningRate: attrs['learningRate'] as number,
  epsilon: attrs['epsilon'] as number,
});
