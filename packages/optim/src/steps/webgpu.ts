import type { NativeVersion } from '@neverend/backend';
import {
  asWebgpu,
  dispatch,
  editedInPlace,
  isOnlyHolder,
  makeOutput,
  threads,
  type WgslProgram,
} from '@neverend/backend/kernels';
import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { StepAttrs, StepDefinition, StepInputs } from './define-step.ts';

export function stepOnWebgpu<K extends string, N extends string>({
  name,
  slots,
  numbers,
  wgsl,
}: StepDefinition<K, N>): NativeVersion<StepInputs<K>, StepAttrs<N>> {
  const changed: readonly ('weight' | K)[] = ['weight', ...slots];
  const program: WgslProgram<string, string> = {
    key: name,
    buffers: {
      gradient: 'read f32',
      ...Object.fromEntries(changed.map((key) => [key, 'write f32' as const])),
    },
    uniforms: {
      size: 'u32',
      ...Object.fromEntries(numbers.map((number) => [number, 'f32' as const])),
    },
    code: () => forEachNumber(wgsl),
  };
  return {
    run: ({ inputs, attrs, backend }) => {
      const { size } = inputs.weight;
      const outputs = changed.map((key) => ownOrCopy(backend, inputs[key]));
      const buffers = Object.fromEntries(changed.map((key, at) => [key, outputs[at]]));
      dispatch(
        asWebgpu(backend),
        program,
        { gradient: inputs.gradient, ...buffers } as Record<string, TensorInfo>,
        { size, ...attrs },
        Math.ceil(size / threads),
      );
      return changed.map((key, at): TensorInfo => {
        const output = outputs[at] as TensorInfo;
        return output === inputs[key] ? editedInPlace(backend, inputs[key]) : output;
      });
    },
  };
}

/** The tensor itself where it may be written into, else a copy. */
function ownOrCopy(backend: KernelBackend, tensor: Tensor): TensorInfo {
  if (isOnlyHolder(backend, tensor)) return tensor;
  const gpu = asWebgpu(backend);
  const copy = makeOutput(gpu, tensor.shape);
  dispatch(
    gpu,
    copyProgram,
    { tensor, copy },
    { size: tensor.size },
    Math.ceil(tensor.size / threads),
  );
  return copy;
}

const forEachNumber = (statements: string): string => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.size) { return; }
  ${statements}
}`;

const copyProgram: WgslProgram<'tensor' | 'copy', 'size'> = {
  key: 'copy',
  buffers: { tensor: 'read f32', copy: 'write f32' },
  uniforms: { size: 'u32' },
  code: () => forEachNumber('copy[at] = tensor[at];'),
};
