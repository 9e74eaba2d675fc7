import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import type { ComplexScanGradInputs, ComplexScanInputs, ScanAttrs } from '../types.ts';
import { lane, type Output, scanUniforms, slopeOf, uniforms } from './webgpu.ts';

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
    let forgets = aRe[at] == 0.0 && aIm[at] == 0.0;
    let turned = select(aRe[at] * re - aIm[at] * im, 0.0, forgets) + xRe[at];
    im = select(aRe[at] * im + aIm[at] * re, 0.0, forgets) + xIm[at];
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

// Three programs: a device may have eight buffers a program and no more.
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
    let forgets = aRe[at] == 0.0 && aIm[at] == 0.0;
    handedRe = select(aRe[at] * re + aIm[at] * im, 0.0, forgets);
    handedIm = select(aRe[at] * im - aIm[at] * re, 0.0, forgets);
    at -= next;
  }
  dh0Re[state] = handedRe;
  dh0Im[state] = handedIm;
}`,
    };
    dispatch(gpu, back, { dyRe, dyIm, aRe, aIm, dxRe, dxIm, dh0Re, dh0Im }, sizes, groups);
    const bySlopes = {
      key: 'complex scan grad by a',
      buffers: {
        ...({ dxRe: 'read f32', dxIm: 'read f32', yRe: 'read f32', yIm: 'read f32' } as const),
        ...({ h0Re: 'read f32', h0Im: 'read f32', re: 'write f32', im: 'write f32' } as const),
      },
      uniforms,
      code: () => `
fn kernel(group : u32, thread : u32) {${lane}
  var at = select(first, last, reverse);
  var hRe = h0Re[state];
  var hIm = h0Im[state];
  for (var t = 0u; t < uniforms.length; t++) {
    re[at] = dxRe[at] * hRe + dxIm[at] * hIm;
    im[at] = dxIm[at] * hRe - dxRe[at] * hIm;
    hRe = yRe[at];
    hIm = yIm[at];
    at += next;
  }
}`,
    };
    const [re, im] = [makeOutput(gpu, yRe.shape), makeOutput(gpu, yRe.shape)];
    dispatch(gpu, bySlopes, { dxRe, dxIm, yRe, yIm, h0Re, h0Im, re, im }, sizes, groups);
    const whereItCounts = {
      key: 'complex scan grad by a where it counts',
      buffers: {
        ...({ aRe: 'read f32', aIm: 'read f32', re: 'read f32', im: 'read f32' } as const),
        ...({ daRe: 'write f32', daIm: 'write f32' } as const),
      },
      uniforms: { size: 'u32' } as const,
      code: () => `${slopeOf}
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.size) { return; }
  let forgets = aRe[at] == 0.0 && aIm[at] == 0.0;
  daRe[at] = slopeOf(re[at], forgets);
  daIm[at] = slopeOf(im[at], forgets);
}`,
    };
    const all = { size: yRe.size };
    dispatch(
      gpu,
      whereItCounts,
      { aRe, aIm, re, im, daRe, daIm },
      all,
      Math.ceil(all.size / threads),
    );
    for (const slope of [re, im]) gpu.disposeData(slope.dataId);
    return outputs;
  },
};

type Six = [Output, Output, Output, Output, Output, Output];
