import * as tf from '@tensorflow/tfjs-core';
import { forgetPacked } from './packed-weights.ts';

interface WasmData {
  readonly id: number;
  readonly memoryOffset: number | null;
}

/** The part of TensorFlow.js' wasm backend that keeps packed weights by the id of their data. */
interface Wasm {
  readonly dataIdMap: { get(dataId: tf.DataId): WasmData };
  readonly wasm: {
    readonly tfjs: {
      disposeData(id: number): void;
      registerTensor(id: number, size: number, memoryOffset: number): void;
    };
  };
}

/** The part of TensorFlow.js' WebGPU backend that keeps what was read. */
interface Webgpu {
  readonly tensorMap: { get(dataId: tf.DataId): { values: unknown; resource?: unknown } };
}

/**
 * Must be called after a tensor's data was changed in place, by a kernel of one's own or through the
 * backend's memory: TensorFlow.js takes data for constant. On wasm, products and convolutions would go on
 * with weights that were packed before; on webgpu, reads would give what an earlier read got, and from now on
 * each read of this data asks the GPU. It costs next to nothing, and the tensor and all that share its data
 * stay valid.
 *
 * @throws Error when the tensor was disposed.
 */
export function markEdited(tensor: tf.Tensor): void {
  const { dataId, size } = tensor;
  const backend = tf.engine().state.tensorInfo.get(dataId)?.backend as object | undefined;
  if (backend === undefined) throw new Error('tensor was disposed; it must be alive to be marked');
  forgetPacked(dataId);
  if ('wasm' in backend) {
    const { dataIdMap, wasm } = backend as Wasm;
    const { id, memoryOffset } = dataIdMap.get(dataId);
    if (memoryOffset === null) return;
    wasm.tfjs.disposeData(id);
    wasm.tfjs.registerTensor(id, size, memoryOffset);
  } else if ('tensorMap' in backend) {
    const data = (backend as Webgpu).tensorMap.get(dataId);
    // Data that the GPU has not got yet is nowhere else.
    if (data.resource == null) return;
    // To drop the copy there is now would not be enough: a read that is under way stores what it got when it ends.
    Object.defineProperty(data, 'values', { get: () => null, set: () => {}, configurable: true });
  }
}
