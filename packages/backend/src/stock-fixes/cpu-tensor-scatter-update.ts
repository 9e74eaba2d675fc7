import type * as tf from '@tensorflow/tfjs-core';
import { wrapKernel } from './registry.ts';

interface CpuBackend {
  readSync(dataId: tf.DataId): tf.BackendValues;
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.BackendValues): tf.TensorInfo;
  disposeIntermediateTensorInfo(info: tf.TensorInfo): void;
}

const onOwnCopy = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const cpu = call.backend as CpuBackend;
    const { dataId, shape, dtype } = call.inputs['tensor'] as tf.TensorInfo;
    const tensor = cpu.makeTensorInfo(shape, dtype, cpu.readSync(dataId).slice());
    const result = stock.kernelFunc({ ...call, inputs: { ...call.inputs, tensor } });
    cpu.disposeIntermediateTensorInfo(tensor);
    return result;
  },
});

/** Stock, the kernel writes into the numbers of the tensor that it is given, and so into all that share them. */
export function registerCpuTensorScatterUpdate(): void {
  wrapKernel('TensorScatterUpdate', 'cpu', onOwnCopy);
}
