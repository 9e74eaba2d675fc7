import * as tf from '@tensorflow/tfjs-core';

/** References to data of a backend that a kernel has taken since it began, and those that it has given away. */
interface Frame {
  readonly taken: tf.DataId[];
  readonly given: tf.DataId[];
}

/** The part of TensorFlow.js' wasm backend that counts references. */
interface CountingBackend extends tf.KernelBackend {
  makeOutput(
    shape: number[],
    dtype: tf.DataType,
    address?: number,
    values?: unknown,
  ): tf.TensorInfo;
}

/** What TensorFlow.js' types hide. */
interface EngineParts {
  readonly backendInstance: tf.KernelBackend | null;
  runKernelFunc(call: unknown): unknown;
  trackTensor(tensor: tf.Tensor, backend: tf.KernelBackend): void;
  gradients(...call: unknown[]): unknown;
  readonly state: {
    readonly gradientDepth: number;
    activeTape: { readonly saved?: readonly tf.Tensor[] }[] | null;
  };
  [mark]?: WeakSet<object>;
}

/** Known to other copies of this package too. */
const mark = Symbol.for('neverend.givesBack');

/** The kernel that runs, the innermost. */
let frame: Frame | undefined;

/**
 * Makes a kernel that throws give back what it has taken of this backend: outputs and steps in between, of which nobody else knows.
 * Stock, they stay until the process ends.
 */
export function giveBackAfterFailure(anyBackend: tf.KernelBackend): void {
  watchedBackends().add(anyBackend);
  const backend = anyBackend as CountingBackend;
  const write = backend.write.bind(backend);
  backend.write = (...data) => {
    const dataId = write(...data);
    frame?.taken.push(dataId);
    return dataId;
  };
  const makeOutput = backend.makeOutput.bind(backend);
  backend.makeOutput = (shape, dtype, address, values) => {
    const output = makeOutput(shape, dtype, address, values);
    // Without an address it was written.
    if (address != null) frame?.taken.push(output.dataId);
    return output;
  };
  const incRef = backend.incRef.bind(backend);
  backend.incRef = (dataId) => {
    incRef(dataId);
    frame?.taken.push(dataId);
  };
  const disposeData = backend.disposeData.bind(backend);
  backend.disposeData = (dataId, force) => {
    frame?.given.push(dataId);
    return disposeData(dataId, force);
  };
}

/** The backends whose kernels give back; the engine is told of them the first time. */
function watchedBackends(): WeakSet<object> {
  const engine = tf.engine() as unknown as EngineParts;
  const present = engine[mark];
  if (present !== undefined) return present;
  const watched = new WeakSet<object>();
  engine[mark] = watched;
  const runKernelFunc = engine.runKernelFunc.bind(engine);
  engine.runKernelFunc = (call) => {
    const backend = engine.backendInstance;
    if (backend === null || !watched.has(backend)) return runKernelFunc(call);
    const outer = frame;
    const own: Frame = { taken: [], given: [] };
    frame = own;
    try {
      return runKernelFunc(call);
    } catch (error) {
      frame = undefined;
      giveBack(backend, own);
      throw error;
    } finally {
      frame = outer;
    }
  };
  const gradients = engine.gradients.bind(engine);
  engine.gradients = (...call) => {
    try {
      return gradients(...call);
    } catch (error) {
      const { state } = engine;
      // Stock, what operations had kept for the gradient stays.
      if (state.gradientDepth === 0) {
        tf.dispose(state.activeTape?.flatMap(({ saved }) => saved ?? []) ?? []);
        state.activeTape = null;
      }
      throw error;
    }
  };
  const trackTensor = engine.trackTensor.bind(engine);
  engine.trackTensor = (tensor, backend) => {
    // From now on it is the engine that frees it.
    if (watched.has(backend)) frame?.given.push(tensor.dataId);
    trackTensor(tensor, backend);
  };
  return watched;
}

function giveBack(backend: tf.KernelBackend, { taken, given }: Frame): void {
  for (const dataId of taken) {
    const index = given.indexOf(dataId);
    if (index >= 0) given.splice(index, 1);
    else backend.disposeData(dataId);
  }
}
