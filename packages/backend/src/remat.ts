import * as tf from '@tensorflow/tfjs-core';
import { checkTensorOf } from './check-tensor.ts';
import { described } from './described.ts';
import { NeverendError } from './errors.ts';

/** The part of TensorFlow.js' engine that records what a gradient needs. */
interface Recorder {
  readonly state: { activeTape: unknown[] | null; gradientDepth: number; kernelDepth: number };
  nextTensorId(): number;
  keep(x: tf.Tensor): tf.Tensor;
  isTapeOn(): boolean;
  addTapeNode(
    kernelName: string,
    inputs: Record<string, tf.Tensor>,
    outputs: readonly tf.Tensor[],
    gradFunc: (dy: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]) => Record<string, () => tf.Tensor>,
    saved: readonly tf.Tensor[],
    attrs: object,
  ): void;
  runKernel(
    kernelName: string,
    inputs: Readonly<Record<string, tf.Tensor | null | undefined>>,
    attrs?: object,
  ): tf.Tensor | tf.Tensor[];
}

let forwards = 0;

/** Whether what runs now is computed again in the backward pass, and not recorded before. */
export const isRemat = (): boolean => forwards > 0;

/** What `f` made and read. */
interface Forward {
  readonly outputs: readonly tf.Tensor[];
  /** Tensors that it read and did not make. */
  readonly captured: readonly tf.Tensor[];
}

/**
 * Trades computing for memory: gives what `f` gives, but inside a gradient keeps only the inputs of `f`, and
 * computes `f` a second time when the backward pass comes to it. Stock TensorFlow.js keeps what every
 * operation in `f` needs, and cannot compute a gradient inside another one's backward pass.
 *
 * Gradients reach the arguments, and the tensors and variables of float32 that `f` reads from outside.
 * What it reads from outside must live until the backward pass: variables do, what the caller computes does
 * not, and is to be passed as an argument. Calls may be nested, gradients taken of gradients, and `f` may take gradients itself.
 *
 * @param f must compute the same each time: random numbers in it need a seed. It is synchronous and returns
 *   one tensor or several in an array.
 * @returns a function of the arguments of `f`, whose result belongs to the caller.
 * @throws TypeError unless `f` is a function, and, when it is called, for an argument or a result that is no tensor.
 * @throws NeverendError in the backward pass, when a tensor that `f` read from outside was disposed or, for
 *   a variable, assigned since.
 */
export function remat<Args extends tf.Tensor[], Result extends tf.Tensor | tf.Tensor[]>(
  f: (...args: Args) => Result,
): (...args: Args) => Result {
  if (typeof f !== 'function') {
    throw new TypeError(`f was ${described(f)}; it must be a function of tensors`);
  }
  return (...args) => {
    for (const [at, input] of args.entries()) checkTensorOf(`argument ${at + 1} of f`, input);
    const engine = tf.engine() as unknown as Recorder;
    let single = true;
    const list = (...inputs: tf.Tensor[]): tf.Tensor[] => {
      const result: tf.Tensor | tf.Tensor[] = f(...(inputs as Args));
      single = !Array.isArray(result);
      const results = Array.isArray(result) ? result : [result];
      for (const one of results) checkTensorOf('the result of f', one);
      return results;
    };
    if (!engine.isTapeOn()) {
      const results = tf.tidy(() => list(...args));
      return (single ? results[0] : results) as Result;
    }
    const { outputs, captured } = runUnrecorded(engine, list, args);
    const saved = args.map((input) => save(engine, input));
    const inputs = Object.fromEntries([...args, ...captured].map((input, index) => [index, input]));
    const dataIds = captured.map(({ dataId }) => dataId);
    const gradFunc = (dy: tf.Tensor | tf.Tensor[], again: tf.Tensor[]) => {
      for (const [index, input] of captured.entries()) requireUnchanged(input, dataIds[index]);
      const dys = Array.isArray(dy) ? dy : [dy];
      return gradientsOf(engine, () => list(...again), [...again, ...captured], dys);
    };
    engine.addTapeNode('NeverendRemat', inputs, outputs, gradFunc, saved, {});
    return (single ? outputs[0] : outputs) as Result;
  };
}

/** Another tensor with the same data. A stock Identity would copy it on wasm. */
function alias(engine: Recorder, x: tf.Tensor): tf.Tensor {
  return engine.runKernel('Reshape', { x }, { shape: x.shape }) as tf.Tensor;
}

/** What the backward pass computes from, recorded so that gradients of gradients reach the input. */
function save(engine: Recorder, x: tf.Tensor): tf.Tensor {
  engine.state.kernelDepth++;
  try {
    const saved = engine.keep(alias(engine, x));
    engine.addTapeNode('Identity', { x }, [saved], (dy) => ({ x: () => dy as tf.Tensor }), [], {});
    return saved;
  } finally {
    engine.state.kernelDepth--;
  }
}

/** Runs `f` without a record for gradients, and watches what it reads. */
function runUnrecorded(
  engine: Recorder,
  f: (...args: tf.Tensor[]) => tf.Tensor[],
  args: readonly tf.Tensor[],
): Forward {
  const { state } = engine;
  const { activeTape, gradientDepth } = state;
  const { runKernel } = engine;
  // Tensors are numbered as they are made.
  const first = engine.nextTensorId();
  const captured = new Set<tf.Tensor>();
  const watch: Recorder['runKernel'] = (name, inputs, attrs) => {
    for (const input of Object.values(inputs)) {
      if (input != null && input.id < first) captured.add(input);
    }
    return runKernel.call(engine, name, inputs, attrs);
  };
  // As outside of any gradient: nothing is recorded but for the gradients that `f` takes itself, which begin records of their own.
  state.gradientDepth = 0;
  state.activeTape = [];
  forwards++;
  try {
    const outputs = tf.tidy(() => {
      // Aliases, to tell an argument from the same tensor read from outside.
      const aliases = args.map((input) => alias(engine, input));
      engine.runKernel = watch;
      const results = f(...aliases);
      // The record tells results from inputs, and from each other, by what tensor they are.
      const isOwn = (x: tf.Tensor, index: number) => x.id >= first && results.indexOf(x) === index;
      return results.map((x, index) => (isOwn(x, index) ? x : alias(engine, x)));
    });
    return { outputs, captured: [...captured] };
  } finally {
    forwards--;
    engine.runKernel = runKernel;
    state.gradientDepth = gradientDepth;
    state.activeTape = activeTape;
  }
}

/** The gradients of the leaves, in turn, by computing `f` again with a record of its own. */
function gradientsOf(
  engine: Recorder,
  f: () => tf.Tensor[],
  leaves: readonly tf.Tensor[],
  dys: readonly tf.Tensor[],
): Record<string, () => tf.Tensor> {
  const { state } = engine;
  const { activeTape, gradientDepth } = state;
  const found = leaves.flatMap((leaf, index) => (leaf.dtype === 'float32' ? [index] : []));
  const xs = found.map((index) => leaves[index] as tf.Tensor);
  const single = dys.length === 1 ? dys[0] : undefined;
  // A gradient starts a new record, and forgets it at its end, unless it is inside of another.
  if (gradientDepth === 0) state.activeTape = null;
  try {
    const grads = tf.tidy(() => {
      const value = () => (single === undefined ? weightedSum(f(), dys) : (f()[0] as tf.Tensor));
      return xs.length === 0 ? [] : tf.engine().gradients(value, xs, single, true).grads;
    }) as (tf.Tensor | null | undefined)[];
    return Object.fromEntries(
      leaves.map((leaf, index) => {
        const gradient = grads[found.indexOf(index)];
        return [index, () => gradient ?? tf.fill(leaf.shape, 0, 'float32')];
      }),
    );
  } finally {
    state.activeTape = activeTape;
    state.gradientDepth = gradientDepth;
  }
}

/** A number whose gradient is that of all outputs. */
function weightedSum(outputs: readonly tf.Tensor[], dys: readonly tf.Tensor[]): tf.Tensor {
  const terms = outputs.flatMap((output, index) =>
    output.dtype === 'float32' ? [tf.sum(tf.mul(output, dys[index] as tf.Tensor))] : [],
  );
  return terms.reduce((sum, term) => tf.add(sum, term), tf.scalar(0));
}

function requireUnchanged(input: tf.Tensor, dataId: object | undefined): void {
  const what = input instanceof tf.Variable ? `the variable "${input.name}"` : 'a tensor';
  const shape = `of shape [${input.shape}]`;
  if (input.isDisposed) {
    throw new NeverendError(
      'NEVEREND_REMAT',
      `f reads ${what} ${shape} from outside, which was disposed before the backward pass; pass it as an argument`,
    );
  }
  if (input.dataId !== dataId) {
    throw new NeverendError(
      'NEVEREND_REMAT',
      `f reads ${what} ${shape} from outside, which was assigned before the backward pass; pass it as an argument`,
    );
  }
}
