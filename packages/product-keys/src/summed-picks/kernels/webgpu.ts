import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import { type SummedPicksAttrs, type SummedPicksInputs, summedPicksSizes } from '../types.ts';

export const summedPicksWebgpu: BackendKernel<SummedPicksInputs, SummedPicksAttrs> = {
  compute: ({ inputs, backend }) => {
    const gpu = asWebgpu(backend);
    const { factors, sources, picks, starts } = inputs;
    const { perSource, rows, width } = summedPicksSizes(inputs);
    const y = makeOutput(gpu, [rows, width]);
    const size = rows * width;
    dispatch(
      gpu,
      {
        key: 'summed picks',
        buffers: {
          ...({ factors: 'read f32', sources: 'read f32' } as const),
          ...({ picks: 'read i32', starts: 'read i32', y: 'write f32' } as const),
        },
        uniforms: { size: 'u32', perSource: 'u32', width: 'u32' },
        code: () => `
fn kernel(group : u32, thread : u32) {
  let place = group * ${threads}u + thread;
  if (place >= uniforms.size) { return; }
  let row = place / uniforms.width;
  let column = place % uniforms.width;
  var sum = 0.0;
  for (var at = starts[row]; at < starts[row + 1u]; at++) {
    let pick = u32(picks[at]);
    sum += factors[pick] * sources[pick / uniforms.perSource * uniforms.width + column];
  }
  y[place] = sum;
}`,
      },
      { factors, sources, picks, starts, y },
      { size, perSource, width },
      Math.ceil(size / threads),
    );
    return [y];
  },
};
