import { Tensor } from '@tensorflow/tfjs-core';
import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';

/** Whether a model calls a layer of its own, as it does with a list, and with what it left in `kwargs` for layers before. */
export function isModelCall(
  { inboundNodes }: layers.Layer,
  inputs: Parameters<layers.Layer['apply']>[0],
): boolean {
  return (
    Array.isArray(inputs) &&
    inputs[0] instanceof Tensor &&
    inboundNodes.some(({ inputTensors }) => inputTensors.length === inputs.length)
  );
}

/**
 * Whether a mask that TensorFlow.js hands to a layer of a model can be that of its input `at`. It leaves the mask of one layer in place
 * for all that are computed later: for a decoder too, behind an encoder whose mask ended there. And it gives the mask of a first output to
 * all outputs of a layer: to the states of recurrent layers too.
 */
export function maskReaches({ inboundNodes }: layers.Layer, at = 0): boolean {
  const known = new Map<SymbolicTensor, boolean>();
  const carries = (tensor: SymbolicTensor): boolean => {
    const before = known.get(tensor);
    if (before !== undefined) return before;
    const source = tensor.sourceLayer as layers.Layer & Partial<Record<string, unknown>>;
    const makesOne = source['maskZero'] === true || source.getClassName() === 'Masking';
    // layers.bidirectional without a merge has two outputs of steps.
    const isOfSteps = (tensor.outputTensorIndex ?? 0) < (source['mergeMode'] === null ? 2 : 1);
    const handsOn = source.supportsMasking && source['returnSequences'] !== false && isOfSteps;
    // What comes into a model from outside may have one.
    const result =
      makesOne || tensor.inputs.length === 0 || (handsOn && tensor.inputs.some(carries));
    known.set(tensor, result);
    return result;
  };
  return (
    inboundNodes.length === 0 ||
    inboundNodes.some(({ inputTensors: { [at]: input } }) => input === undefined || carries(input))
  );
}
