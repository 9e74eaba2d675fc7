import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import type { ComplexScanGradInputs, ComplexScanInputs, ScanAttrs } from '../types.ts';
import { lane, type Output, scanUniforms, uniforms } from './webgpu.ts';

export const complexScanWebgpu: BackendKernel<ComplexScanInputs, ScanAttrs> = {
  compute: ({ inputs: { aRe, aIm, xRe, xIm, h0Re, h0Im }, attrs, backend }) => {
    const gpu = asWebgpu(backend);
    const [yRe, yIm] = [makeOutput(gpu, xRe.shape), makeOutput(gpu, xRe.shape)];
    const buffers = {
      ...({ aRe: 'read f32', aIm: 'read f32', xRe: 'read f32', xIm: 'read f32' } as const),
      ...({ h0Re: 'read f32', h0Im: 'read f32', yRe: 'write f32', yIm: 'write f32' } as const),
    };
    const code = () => `
fn kernel(group : u32, thread : u32) {${lane}
  var at = select(first, last, reverse);
  var re = h0Re[state];
  var im = h0Im[state];
  for (var t = 0u; t < uniforms.length; t++) {
    let turned = aRe[at] * re - aIm[at] * im + xRe[at];
    im = aRe[at] * im + aIm[at] * re + xIm[at];
    re = turned;
    yRe[at] = re;
    yIm[at] = im;
    at += next;
  }
}`;
    const program = { key: 'complex scan', buffers, uniforms, code };
    const tensors = { aRe, aIm, xRe, xIm, h0Re, h0Im, yRe, yIm };
    dispatch(gpu, program, tensors, scanUniforms(xRe, attrs), Math.ceil(h0Re.size / threads));
    return [yRe, yIm];
  },
};

// Two programs: a device may have eight buffers a program and no more.
export const complexScanGradWebgpu: BackendKernel<ComplexScanGradInputs, ScanAttrs> = {
  compute: ({ inputs: { dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im }, attrs, backend }) => {
    const gpu = asWebgpu(backend);
    const shapes = [yRe, yRe, yRe, yRe, h0Re, h0Re];
    const outputs = shapes.map(({ shape }) => makeOutput(gpu, shape));
    const [daRe, daIm, dxRe, dxIm, dh0Re, dh0Im] = outputs as Six;
    const [sizes, groups] = [scanUniforms(yRe, attrs), Math.ceil(h0Re.size / threads)];
    const back = {
      key: 'complex scan grad',
      buffers: {
        ...({ dyRe: 'read f32', dyIm: 'read f32', aRe: 'read f32', aIm: 'read f32' } as const),
        ...({ dxRe: 'write f32', dxIm: 'write f32' } as const),
        ...({ dh0Re: 'write f32', dh0Im: 'write f32' } as const),
      },
      uniforms,
      code: () => `
fn kernel(group : u32, thread : u32) {${lane}
  var at = select(last, first, reverse);
  // What the step after hands back: its conjugate a times its g.
  var handedRe = 0.0;
  var handedIm = 0.0;
  for (var left = uniforms.length; left > 0u; left--) {
    let re = dyRe[at] + handedRe;
    let im = dyIm[at] + handedIm;
    dxRe[at] = re;
    dxIm[at] = im;
    handedRe = aRe[at] * re + aIm[at] * im;
    handedIm = aRe[at] * im - aIm[at] * re;
    at -= next;
  }
  dh0Re[state] = handedRe;
  dh0Im[state] = handedIm;
}`,
    };
    dispatch(gpu, back, { dyRe, dyIm, aRe, aIm, dxRe, dxIm, dh0Re, dh0Im }, sizes, groups);
    const byEigenvalues = {
      key: 'complex scan grad by a',
      buffers: {
        ...({ dxRe: 'read f32', dxIm: 'read f32', yRe: 'read f32', yIm: 'read f32' } as const),
        ...({ h0Re: 'read f32', h0Im: 'read f32', daRe: 'write f32', daIm: 'write f32' } as const),
      },
      uniforms,
      code: () => `
fn kernel(group : u32, thread : u32) {${lane}
  var at = select(first, last, reverse);
  var re = h0Re[state];
  var im = h0Im[state];
  for (var t = 0u; t < uniforms.length; t++) {
    daRe[at] = dxRe[at] * re + dxIm[at] * im;
    daIm[at] = dxIm[at] * re - dxRe[at] * im;
    re = yRe[at];
    im = yIm[at];
    at += next;
  }
}`,
    };
    dispatch(gpu, byEigenvalues, { dxRe, dxIm, yRe, yIm, h0Re, h0Im, daRe, daIm }, sizes, groups);
    return outputs;
  },
};

type Six = [Output, Output, Output, Output, Output, Output];
