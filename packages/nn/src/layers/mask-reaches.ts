import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';

/**
 * Whether a mask that TensorFlow.js hands to a layer of a model can be that of its first input. It leaves the mask of one layer in place
 * for all that are computed later: for a decoder too, behind an encoder whose mask ended there.
 */
export function maskReaches({ inboundNodes }: layers.Layer): boolean {
  const known = new Map<SymbolicTensor, boolean>();
  const carries = (tensor: SymbolicTensor): boolean => {
    const before = known.get(tensor);
    if (before !== undefined) return before;
    const source = tensor.sourceLayer as layers.Layer & Partial<Record<string, unknown>>;
    const makesOne = source['maskZero'] === true || source.getClassName() === 'Masking';
    const handsOn = source.supportsMasking && source['returnSequences'] !== false;
    // What comes into a model from outside may have one.
    const result =
      makesOne || tensor.inputs.length === 0 || (handsOn && tensor.inputs.some(carries));
    known.set(tensor, result);
    return result;
  };
  return (
    inboundNodes.length === 0 ||
    inboundNodes.some(({ inputTensors: [first] }) => first === undefined || carries(first))
  );
}
