import * as tf from '@tensorflow/tfjs-core';

/** Kernels that move nothing, although TensorFlow's give their results names of their own. */
const views = new Set(['ExpandDims', 'Identity', 'Reshape']);

/** Those that watch now. */
const watches = new Set<(change: number) => void>();

/** Runs a kernel that holds so many bytes at once while it runs, of which the engine does not know. */
export function withHeldBytes<T>(bytes: number, run: () => T): T {
  for (const tell of watches) tell(bytes);
  try {
    return run();
  } finally {
    for (const tell of watches) tell(-bytes);
  }
}

/** The most bytes of buffers so far. */
export interface BytesWatch {
  peakBytes(): number;
  end(): void;
}

/**
 * Counts the bytes of the buffers that are made from now on and alive, those inside of composites among them: tensors that share one, as a reshape does
 * with its input, count once, and so does what kernels say that they hold while they run (`withHeldBytes`). What a backend's library keeps for itself, such as packed
 * weights, is not seen.
 *
 * @param given tensors that were there before and are to be counted too.
 */
export function watchBytes(given: readonly tf.Tensor[] = []): BytesWatch {
  const engine = tf.engine();
  const { runKernel, trackTensor, removeDataId } = engine;
  const buffers = new Map<object, { readonly bytes: number; tensors: number }>();
  let bytes = 0;
  let most = 0;
  /** What the tensors that are made now only look at in another way. */
  let viewed: object | undefined;
  const change = (by: number) => {
    bytes += by;
    most = Math.max(most, bytes);
  };
  watches.add(change);
  const add = ({ dataId, size, dtype }: tf.Tensor) => {
    if (buffers.has(dataId)) return;
    const shared = viewed && buffers.get(viewed);
    // Who looks at what was there before, and is not counted, adds nothing.
    if (viewed && shared === undefined) return;
    const buffer = shared ?? { bytes: size * tf.util.bytesPerElement(dtype), tensors: 0 };
    buffer.tensors++;
    buffers.set(dataId, buffer);
    if (shared === undefined) change(buffer.bytes);
  };
  for (const tensor of given) add(tensor);
  engine.trackTensor = (tensor, backend) => {
    trackTensor.call(engine, tensor, backend);
    add(tensor);
  };
  engine.removeDataId = (dataId, backend) => {
    removeDataId.call(engine, dataId, backend);
    const buffer = buffers.get(dataId);
    buffers.delete(dataId);
    if (buffer !== undefined && --buffer.tensors === 0) change(-buffer.bytes);
  };
  engine.runKernel = ((name, inputs, attrs) => {
    const outer = viewed;
    viewed = views.has(name) ? Object.values(inputs)[0]?.dataId : undefined;
    try {
      return runKernel.call(engine, name, inputs, attrs);
    } finally {
      viewed = outer;
    }
  }) as typeof runKernel;
  return {
    peakBytes: () => most,
    end: () => {
      watches.delete(change);
      Object.assign(engine, { runKernel, trackTensor, removeDataId });
    },
  };
}

/**
 * Runs `work` and watches the buffers that it makes, as `watchBytes` does.
 *
 * @param work must be done with tensors when it returns: what runs later is not watched.
 * @returns what `work` returned, and the most bytes at once of what was not there before it.
 */
export function withPeakBytes<T>(work: () => T): { result: T; peakBytes: number } {
  const watch = watchBytes();
  try {
    const result = work();
    return { result, peakBytes: watch.peakBytes() };
  } finally {
    watch.end();
  }
}
