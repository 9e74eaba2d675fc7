// A TensorFlow.js backend: tfjs.ts own|stock <backend> <threads>
import * as tf from '@tensorflow/tfjs-core';
import type { LoadedCase } from '../types.ts';
import { profiled } from './profile-kernels.ts';
import { type Implementation, type Numbers, type Prepared, serve } from './serve.ts';
import type { ModelOp, Operations, StatefulOp, Tensors } from './tfjs-operations.ts';

const [kind = '', backend = '', count = '1'] = process.argv.slice(2);

await serve(async (): Promise<Implementation<tf.Tensor[]>> => {
  // Only one of the two is imported: ours replaces kernels of the other.
  const { start } =
    kind === 'own' ? await import('./start-own.ts') : await import('./start-stock.ts');
  const { hello, operations, gpu } = await start(backend, Number(count));
  return {
    hello,
    load: async (wanted, arrays) =>
      /^(trecvit|peer)/.test(wanted.id) && operations.models === undefined
        ? 'it is not written with stock TensorFlow.js here'
        : prepare(wanted, tensorsOf(wanted, arrays), operations, gpu),
    ...(gpu ? {} : { profile: profiled }),
  };
});

/** Apart from what lives on, which would keep the arrays. */
function tensorsOf(wanted: LoadedCase, arrays: ReadonlyMap<string, Numbers>): Tensors {
  return Object.fromEntries(
    wanted.inputs.map(({ name, shape, dtype }) => [
      name,
      tf.tensor(arrays.get(name) as Numbers, [...shape], dtype),
    ]),
  );
}

function prepare(
  wanted: LoadedCase,
  inputs: Tensors,
  operations: Operations,
  gpu: boolean,
): Prepared<tf.Tensor[]> {
  const read = async (tensors: readonly tf.Tensor[]) => {
    const outputs = [];
    for (const tensor of tensors) {
      outputs.push({ shape: tensor.shape, data: await tensor.data<'float32'>() });
    }
    return outputs;
  };
  const { op, attrs } = wanted;
  const make = { ...operations.stateful, ...operations.models }[op as StatefulOp | ModelOp];
  if (make !== undefined) {
    const { run, read: results, dispose, runsToRead = 1 } = make(inputs, attrs);
    return {
      run: async () => {
        await run();
        if (gpu) await finished(results());
        return [];
      },
      read: async () => {
        const tensors = results();
        const outputs = await read(tensors);
        tf.dispose(tensors);
        return outputs;
      },
      free: () => {},
      dispose,
      runsToRead,
    };
  }
  const compute = operations.pure[op as Exclude<LoadedCase['op'], StatefulOp | ModelOp>];
  const forward = () => tf.tidy(() => compute(inputs, attrs));
  const by = wanted.inputs.filter(({ name, dtype }) => name !== 'dy' && dtype === 'float32');
  const gradient = () =>
    tf.tidy(() => {
      const { value, grads } = tf.engine().gradients(
        () => compute(inputs, attrs),
        by.map(({ name }) => inputs[name] as tf.Tensor),
        inputs['dy'] as tf.Tensor,
      );
      return [value, ...grads];
    });
  return {
    run: async () => {
      const results = wanted.mode === 'gradient' ? gradient() : [forward()];
      if (gpu) await finished(results.slice(-1), false);
      return results;
    },
    read,
    free: (tensors) => tf.dispose(tensors),
    dispose: () => tf.dispose(Object.values(inputs)),
  };
}

/** Waits for a GPU: a queue runs in order, so that one number of the last result is enough. */
async function finished(tensors: tf.Tensor[], dispose = true): Promise<void> {
  const last = tensors.at(-1);
  if (last !== undefined) {
    const number = tf.tidy(() => tf.slice(tf.reshape(last, [-1]), [0], [1]));
    await number.data();
    number.dispose();
  }
  if (dispose) tf.dispose(tensors);
}
