import type { BackendKernel } from '@neverend/backend';
import { blocksOf, groups, rowsOf, wasmCall } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { GateGradInputs, GateInputs, NoAttrs } from '../types.ts';
import { aParamGradient, decayOf } from './decay.ts';

export const gatesWasm: BackendKernel<GateInputs, NoAttrs> = {
  compute: ({ inputs: { x, inputGate, recurrenceGate, aParam, reset }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const decay = decayOf(aParam);
    const outputs = [output(x.shape), output(x.shape)];
    const values = [...outputs, x, inputGate, recurrenceGate, decay, reset].map(at);
    parallelFor('rgLruGates', [...values, x.shape[1] ?? 1, width], rows, 5 * x.size);
    decay.dispose();
    return outputs;
  },
};

export const gatesGradWasm: BackendKernel<GateGradInputs, NoAttrs> = {
  compute: ({ inputs: { x, inputGate, recurrenceGate, aParam, reset, da, dGated }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(x);
    const { height, blocks } = blocksOf(rows, width);
    const decay = decayOf(aParam);
    const [sums, dDecay] = [output([blocks, width]), output([width])];
    const outputs = [output(x.shape), output(x.shape), output(x.shape)];
    const values = [...outputs, sums, x, inputGate, recurrenceGate, decay, reset, da, dGated].map(
      at,
    );
    const sizes = [x.shape[1] ?? 1, width, rows, height];
    parallelFor('rgLruGatesGrad', [...values, ...sizes], blocks, 8 * x.size);
    parallelFor('sumColumns', [at(dDecay), at(sums), blocks, width], groups(width), blocks * width);
    backend.disposeData(sums.dataId);
    decay.dispose();
    return [...outputs, aParamGradient(tf.engine().makeTensorFromTensorInfo(dDecay), aParam)];
  },
};
