import type { BackendKernel, KernelCall } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput } from '@neverend/backend/kernels';
import {
  type AttentionAttrs,
  type AttentionGradInputs,
  type AttentionInputs,
  attentionShape,
  attentionSizes,
} from '../types.ts';
import { attentionNumbers } from './numbers.ts';
import {
  add,
  chunksOf,
  type Hiding,
  type Lines,
  multiply,
  placed,
  read,
  runningSoftmax,
  side,
  tiles,
  write,
} from './webgpu-tiles.ts';

const uniforms = {
  ...({ rows: 'u32', queries: 'u32', keys: 'u32', heads: 'u32' } as const),
  ...({ depth: 'u32', valueDepth: 'u32', scale: 'f32', offset: 'u32' } as const),
  ...({ maskRow: 'u32', maskHead: 'u32', maskQuery: 'u32', maskKey: 'u32' } as const),
  ...({ threshold: 'u32', kept: 'f32', keyLow: 'u32', keyHigh: 'u32' } as const),
} as const;

/** More numbers of a vector than these would not stay in a thread's registers. */
const widest = 128;

/** One query has no more scores than keys, and would leave most threads without work; indices of dropout are u32. */
const supports = ({ inputs, attrs }: KernelCall<AttentionInputs, AttentionAttrs>): boolean => {
  const { rows, heads, queries, keys } = attentionSizes(inputs);
  return queries > 1 && (attrs.dropoutRate === 0 || rows * heads * queries * keys < 2 ** 32);
};

export const attentionWebgpu: BackendKernel<AttentionInputs, AttentionAttrs> = {
  supports: (call) => supports(call) && attentionSizes(call.inputs).valueDepth <= widest,
  compute: ({ inputs: { q, k, v, mask }, attrs, backend }) => {
    const gpu = asWebgpu(backend);
    const { valueDepth } = attentionSizes({ q, v });
    const y = makeOutput(gpu, attentionShape({ q, v }));
    const chunks = chunksOf(valueDepth);
    const [dropout, hides] = [attrs.dropoutRate > 0, hidingOf({ q, v }, attrs)];
    dispatch(
      gpu,
      {
        key: `attention ${chunks} ${dropout} ${Object.values(hides)}`,
        buffers: { ...read4, y: 'write f32' },
        uniforms,
        code: () => `${tiles('queries', dropout)}${runningSoftmax}
${read('q')}${read('k')}${read('v')}${multiply('q', 'k')}${add('v', chunks, hides)}${write('y', 'dy', chunks)}
fn kernel(group : u32, thread : u32) {${placed('queries')}
  var sums : array<vec4<f32>, ${chunks}>;
  for (var start = begin; start < end; start += ${side}u) {
    let powers = powersOn(scoresOf(start, q_k(start)));
    for (var chunk = 0u; chunk < ${chunks}u; chunk++) { sums[chunk] *= shrink; }
    add_v(start, droppedOf(start, powers), &sums);
  }
  let share = shareOfLine();
  for (var chunk = 0u; chunk < ${chunks}u; chunk++) { sums[chunk] *= share; }
  write_y(sums);
}`,
      },
      { q, k, v, mask, y },
      uniformsOf({ q, k, v, mask }, attrs),
      groupsOf({ q, v }, 'queries'),
    );
    return [y];
  },
};

/**
 * Three passes, of which none adds to what another workgroup adds to: one over the queries for their statistics, one for
 * the gradient by them, and one over the keys. Each computes the scores again.
 */
export const attentionGradWebgpu: BackendKernel<AttentionGradInputs, AttentionAttrs> = {
  supports: (call) => {
    const { depth, valueDepth } = attentionSizes(call.inputs);
    return supports(call) && Math.max(depth, valueDepth) <= widest;
  },
  compute: ({ inputs, attrs, backend }) => {
    const { q, k, v, mask, dy } = inputs;
    const gpu = asWebgpu(backend);
    const { rows, queries, heads, depth, valueDepth } = attentionSizes(inputs);
    const [chunks, valueChunks] = [chunksOf(depth), chunksOf(valueDepth)];
    const [dropout, hides] = [attrs.dropoutRate > 0, hidingOf(inputs, attrs)];
    const values = uniformsOf(inputs, attrs);
    const statistics = makeOutput(gpu, [rows, heads, queries, 3]);
    const [dq, dk, dv] = [
      makeOutput(gpu, q.shape),
      makeOutput(gpu, k.shape),
      makeOutput(gpu, v.shape),
    ];
    const reads = `${read('q')}${read('k')}${read('v')}${read('dy')}`;
    const tensors = { q, k, v, mask, dy, statistics };

    dispatch(
      gpu,
      {
        key: `attention statistics ${dropout}`,
        buffers: { ...read4, dy: 'read f32', statistics: 'write f32' },
        uniforms,
        code: () => `${tiles('queries', dropout)}${runningSoftmax}${reads}${multiply('q', 'k')}${multiply('dy', 'v')}
fn kernel(group : u32, thread : u32) {${placed('queries')}
  var slope = 0.0;
  for (var start = begin; start < end; start += ${side}u) {
    let powers = powersOn(scoresOf(start, q_k(start)));
    slope = slope * shrink + dot(droppedOf(start, powers), ofSeen(dy_v(start)));
  }
  let share = shareOfLine();
  let average = share * sumOfLine(slope);
  if (lane == 0u && line < uniforms.queries) {
    let at = 3u * ((row * uniforms.heads + head) * uniforms.queries + line);
    statistics[at] = largest;
    statistics[at + 1u] = share;
    statistics[at + 2u] = average;
  }
}`,
      },
      tensors,
      values,
      groupsOf(inputs, 'queries'),
    );

    const buffers = { ...read4, dy: 'read f32', statistics: 'read f32' } as const;
    dispatch(
      gpu,
      {
        key: `attention grad of queries ${chunks} ${dropout} ${Object.values(hides)}`,
        buffers: { ...buffers, dq: 'write f32' },
        uniforms,
        code: () => `${tiles('queries', dropout)}${slopes('queries')}
${reads}${multiply('q', 'k')}${multiply('dy', 'v')}${add('k', chunks, hides)}${write('dq', 'q', chunks)}
fn kernel(group : u32, thread : u32) {${placed('queries')}
  var sums : array<vec4<f32>, ${chunks}>;
  for (var start = begin; start < end; start += ${side}u) {
    let shares = sharesOf(start, q_k(start));
    add_k(start, slopesOf(start, shares, dy_v(start)), &sums);
  }
  write_dq(sums);
}`,
      },
      { ...tensors, dq },
      values,
      groupsOf(inputs, 'queries'),
    );
    dispatch(
      gpu,
      {
        key: `attention grad of keys ${chunks} ${valueChunks} ${dropout} ${Object.values(hides)}`,
        buffers: { ...buffers, dk: 'write f32', dv: 'write f32' },
        uniforms,
        code: () => `${tiles('keys', dropout)}${slopes('keys')}${reads}${multiply('k', 'q')}${multiply('v', 'dy')}
${add('q', chunks, hides)}${add('dy', valueChunks, hides)}${write('dk', 'k', chunks)}${write('dv', 'v', valueChunks)}
fn kernel(group : u32, thread : u32) {${placed('keys')}
  var sums : array<vec4<f32>, ${chunks}>;
  var valueSums : array<vec4<f32>, ${valueChunks}>;
  for (var start = begin; start < end; start += ${side}u) {
    let shares = sharesOf(start, k_q(start));
    add_dy(start, droppedOf(start, shares), &valueSums);
    add_q(start, slopesOf(start, shares, v_dy(start)), &sums);
  }
  write_dk(sums);
  write_dv(valueSums);
}`,
      },
      { ...tensors, dk, dv },
      values,
      groupsOf(inputs, 'keys'),
    );
    gpu.disposeData(statistics.dataId);
    return [dq, dk, dv];
  },
};

const read4 = { q: 'read f32', k: 'read f32', v: 'read f32', mask: 'read f32' } as const;

/** `sharesOf` gives the weights out of products, `slopesOf` the gradient by these products out of that by the weights. */
const slopes = (lines: Lines): string => {
  const query = lines === 'queries' ? 'line' : 'columnOf(start, n)';
  return `
fn statisticOf(start : u32, n : u32, which : u32) -> f32 {
  let query = min(${query}, uniforms.queries - 1u);
  return statistics[3u * ((row * uniforms.heads + head) * uniforms.queries + query) + which];
}
fn statisticsOf(start : u32, which : u32) -> vec4<f32> {
  return vec4<f32>(
    statisticOf(start, 0u, which), statisticOf(start, 1u, which),
    statisticOf(start, 2u, which), statisticOf(start, 3u, which));
}
fn sharesOf(start : u32, products : vec4<f32>) -> vec4<f32> {
  return ofSeen(powersOf(scoresOf(start, products), statisticsOf(start, 0u)) * statisticsOf(start, 1u));
}
fn slopesOf(start : u32, shares : vec4<f32>, dWeights : vec4<f32>) -> vec4<f32> {
  return ofSeen(uniforms.scale * shares * (droppedOf(start, dWeights) - statisticsOf(start, 2u)));
}`;
};

const hidingOf = (inputs: Pick<AttentionInputs, 'q' | 'v'>, attrs: AttentionAttrs): Hiding => ({
  causal: attrs.causal && attrs.causalOffset < attentionSizes(inputs).keys - 1,
  masked: attrs.masked,
});

function uniformsOf(
  inputs: AttentionInputs,
  attrs: AttentionAttrs,
): Readonly<Record<keyof typeof uniforms, number>> {
  const { offset, ...dropout } = attentionNumbers(inputs, attrs);
  // Along an axis of one number all have that one.
  const [row = 1, head = 1, query = 1, key = 1] = inputs.mask.shape;
  const stride = (size: number, step: number) => (size === 1 ? 0 : step);
  return {
    ...attentionSizes(inputs),
    ...dropout,
    scale: attrs.scale,
    offset: offset >>> 0,
    maskRow: stride(row, head * query * key),
    maskHead: stride(head, query * key),
    maskQuery: stride(query, key),
    maskKey: stride(key, 1),
    keyLow: attrs.keyLow >>> 0,
    keyHigh: attrs.keyHigh >>> 0,
  };
}

function groupsOf(inputs: Pick<AttentionInputs, 'q' | 'v'>, lines: Lines): number {
  const sizes = attentionSizes(inputs);
  return sizes.rows * sizes.heads * Math.ceil(sizes[lines] / side);
}
