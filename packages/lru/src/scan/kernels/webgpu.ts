import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ScanAttrs, ScanGradInputs, ScanInputs } from '../types.ts';

type Uniforms = Readonly<Record<'states' | 'length' | 'inner' | 'reverse', 'u32'>>;

export const uniforms: Uniforms = { states: 'u32', length: 'u32', inner: 'u32', reverse: 'u32' };

/**
 * What a program begins with. A thread follows one number through time: neighbours read neighbouring memory. Steps back wrap
 * around, as u32 does.
 */
export const lane: string = `
  let state = group * ${threads}u + thread;
  if (state >= uniforms.states) { return; }
  let inner = uniforms.inner;
  let first = state / inner * uniforms.length * inner + state % inner;
  let last = first + (uniforms.length - 1u) * inner;
  let reverse = uniforms.reverse == 1u;
  let next = select(inner, 0u - inner, reverse);`;

/** A part of da, which is 0 where a is 0 and it is not finite. By its bits: a compiler may take every float for finite. */
export const slopeOf: string = `
fn slopeOf(slope : f32, forgets : bool) -> f32 {
  let isFinite = (bitcast<u32>(slope) & 0x7f800000u) != 0x7f800000u;
  return select(slope, 0.0, forgets && !isFinite);
}`;

export const scanWebgpu: BackendKernel<ScanInputs, ScanAttrs> = {
  compute: ({ inputs: { a, x, h0 }, attrs, backend }) => {
    const gpu = asWebgpu(backend);
    const y = makeOutput(gpu, x.shape);
    const buffers = { a: 'read f32', x: 'read f32', h0: 'read f32', y: 'write f32' } as const;
    const code = () => `
fn kernel(group : u32, thread : u32) {${lane}
  var at = select(first, last, reverse);
  var h = h0[state];
  for (var t = 0u; t < uniforms.length; t++) {
    h = select(a[at] * h, 0.0, a[at] == 0.0) + x[at];
    y[at] = h;
    at += next;
  }
}`;
    const program = { key: 'linear scan', buffers, uniforms, code };
    dispatch(gpu, program, { a, x, h0, y }, scanUniforms(x, attrs), Math.ceil(h0.size / threads));
    return [y];
  },
};

export const scanGradWebgpu: BackendKernel<ScanGradInputs, ScanAttrs> = {
  compute: ({ inputs: { dy, a, y, h0 }, attrs, backend }) => {
    const gpu = asWebgpu(backend);
    const [da, dx, dh0] = [y, y, h0].map(({ shape }) => makeOutput(gpu, shape)) as Three;
    const buffers = {
      ...({ dy: 'read f32', a: 'read f32', y: 'read f32', h0: 'read f32' } as const),
      ...({ da: 'write f32', dx: 'write f32', dh0: 'write f32' } as const),
    };
    const code = () => `
${slopeOf}
fn kernel(group : u32, thread : u32) {${lane}
  var at = select(last, first, reverse);
  // What the step after hands back: its a times its g.
  var handed = 0.0;
  for (var left = uniforms.length; left > 0u; left--) {
    let g = dy[at] + handed;
    dx[at] = g;
    var h = h0[state];
    if (left > 1u) { h = y[at - next]; }
    da[at] = slopeOf(g * h, a[at] == 0.0);
    handed = select(a[at] * g, 0.0, a[at] == 0.0);
    at -= next;
  }
  dh0[state] = handed;
}`;
    const program = { key: 'linear scan grad', buffers, uniforms, code };
    const tensors = { dy, a, y, h0, da, dx, dh0 };
    dispatch(gpu, program, tensors, scanUniforms(y, attrs), Math.ceil(h0.size / threads));
    return [da, dx, dh0];
  },
};

export type Output = ReturnType<typeof makeOutput>;
type Three = [Output, Output, Output];

export function scanUniforms(
  { shape }: Tensor,
  { reverse }: ScanAttrs,
): Record<keyof Uniforms, number> {
  const [outer, length, inner] = shape as [number, number, number];
  return { states: outer * inner, length, inner, reverse: Number(reverse) };
}
