import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import type {
  TopPairsAttrs,
  TopPairsGradAttrs,
  TopPairsGradInputs,
  TopPairsInputs,
} from '../types.ts';

/** Each pick is a search of its own among all that is left. */
const mostPicks = 64;

/** A workgroup finds the best of a row one after another: each time what comes right after the one before. */
const search = `
const none = 0xffffffffu;
struct Pick { score : f32, item : u32 };
var<workgroup> found : array<Pick, ${threads}>;
var<workgroup> first : array<Pick, ${mostPicks}>;
var<workgroup> second : array<Pick, ${mostPicks}>;

fn isBefore(x : Pick, y : Pick) -> bool {
  return y.item == none || x.score > y.score || (x.score == y.score && x.item < y.item);
}
// What is no number counts as infinity, so that it is found. Compilers may take comparisons to be of numbers.
fn ordered(score : f32) -> f32 {
  return select(score, uniforms.infinity, (bitcast<u32>(score) & 0x7fffffffu) > 0x7f800000u);
}
fn bestOfAll(thread : u32, own : Pick) -> Pick {
  found[thread] = own;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (thread < half) {
      let other = found[thread + half];
      if (other.item != none && isBefore(other, found[thread])) { found[thread] = other; }
    }
    workgroupBarrier();
  }
  let best = found[0];
  workgroupBarrier();
  return best;
}`;

/** WGSL that makes \`target(rank)\` of the best out of \`count\` entries, of which \`entry(at)\` is one. */
const searchFor = (picks: string, count: string, entry: string, target: string): string => `
  {
    var last = Pick(0.0, none);
    for (var rank = 0u; rank < ${picks}; rank++) {
      var own = Pick(0.0, none);
      for (var at = thread; at < ${count}; at += ${threads}u) {
        let one = ${entry};
        let isLeft = last.item == none || isBefore(last, one);
        if (one.item != none && isLeft && isBefore(one, own)) { own = one; }
      }
      last = bestOfAll(thread, own);
      if (thread == 0u) { ${target} }
    }
    workgroupBarrier();
  }`;

export const topPairsWebgpu: BackendKernel<TopPairsInputs, TopPairsAttrs> = {
  supports: ({ attrs: { k } }) => k <= mostPicks,
  compute: ({ inputs: { a, b, items, others }, attrs: { k, size, numbered }, backend }) => {
    const gpu = asWebgpu(backend);
    const [rows = 0, n = 1] = a.shape;
    const m = b.shape[1] ?? 1;
    const sums = makeOutput(gpu, [rows, k]);
    const pairs = makeOutput(gpu, [rows, k], 'int32');
    dispatch(
      gpu,
      {
        key: 'top pairs',
        buffers: {
          ...({ a: 'read f32', b: 'read f32', items: 'read i32' } as const),
          ...({ others: 'read i32', sums: 'write f32', pairs: 'write i32' } as const),
        },
        uniforms: {
          ...({ rows: 'u32', n: 'u32', m: 'u32', k: 'u32' } as const),
          ...({ size: 'u32', numbered: 'u32', infinity: 'f32' } as const),
        },
        code: () => `${search}
var<private> row : u32;

fn inFirst(at : u32) -> Pick {
  let place = row * uniforms.n + at;
  var item = at;
  if (uniforms.numbered > 0u) { item = u32(items[place]); }
  return Pick(ordered(a[place]), item);
}
fn inSecond(at : u32) -> Pick {
  let place = row * uniforms.m + at;
  var item = at;
  if (uniforms.numbered > 1u) { item = u32(others[place]); }
  return Pick(ordered(b[place]), item);
}
// Of the pairs with no larger rank in either set there are (p + 1)(q + 1), and all of them are at least as good.
fn inPairs(at : u32, width : u32) -> Pick {
  let p = at / width;
  let q = at % width;
  if ((p + 1u) * (q + 1u) > uniforms.k) { return Pick(0.0, none); }
  return Pick(ordered(first[p].score + second[q].score), first[p].item * uniforms.size + second[q].item);
}

fn kernel(group : u32, thread : u32) {
  row = min(group, uniforms.rows - 1u);
  let height = min(uniforms.k, uniforms.n);
  let width = min(uniforms.k, uniforms.m);
${searchFor('height', 'uniforms.n', 'inFirst(at)', 'first[rank] = last;')}
${searchFor('width', 'uniforms.m', 'inSecond(at)', 'second[rank] = last;')}
${searchFor('uniforms.k', 'height * width', 'inPairs(at, width)', 'sums[row * uniforms.k + rank] = last.score; pairs[row * uniforms.k + rank] = i32(last.item);')}
}`,
      },
      { a, b, items, others, sums, pairs },
      { rows, n, m, k, size, numbered, infinity: Number.POSITIVE_INFINITY },
      rows,
    );
    return [sums, pairs];
  },
};

/** Each number of a gradient adds up what its item's pairs have: nobody else writes it. */
export const topPairsGradWebgpu: BackendKernel<TopPairsGradInputs, TopPairsGradAttrs> = {
  compute: ({
    inputs: { dsums, pairs, items, others },
    attrs: { n, m, size, numbered },
    backend,
  }) => {
    const gpu = asWebgpu(backend);
    const [rows = 0, k = 1] = dsums.shape;
    const da = makeOutput(gpu, [rows, n]);
    const db = makeOutput(gpu, [rows, m]);
    dispatch(
      gpu,
      {
        key: 'top pairs grad',
        buffers: {
          ...({ dsums: 'read f32', pairs: 'read i32', items: 'read i32' } as const),
          ...({ others: 'read i32', da: 'write f32', db: 'write f32' } as const),
        },
        uniforms: { rows: 'u32', n: 'u32', m: 'u32', k: 'u32', size: 'u32', numbered: 'u32' },
        code: () => `
fn kernel(group : u32, thread : u32) {
  if (group >= uniforms.rows) { return; }
  let begin = group * uniforms.k;
  for (var i = thread; i < uniforms.n; i += ${threads}u) {
    let place = group * uniforms.n + i;
    var item = i;
    if (uniforms.numbered > 0u) { item = u32(items[place]); }
    var sum = 0.0;
    for (var at = begin; at < begin + uniforms.k; at++) {
      if (u32(pairs[at]) / uniforms.size == item) { sum += dsums[at]; }
    }
    da[place] = sum;
  }
  for (var j = thread; j < uniforms.m; j += ${threads}u) {
    let place = group * uniforms.m + j;
    var item = j;
    if (uniforms.numbered > 1u) { item = u32(others[place]); }
    var sum = 0.0;
    for (var at = begin; at < begin + uniforms.k; at++) {
      if (u32(pairs[at]) % uniforms.size == item) { sum += dsums[at]; }
    }
    db[place] = sum;
  }
}`,
      },
      { dsums, pairs, items, others, da, db },
      { rows, n, m, k, size, numbered },
      rows,
    );
    return [da, db];
  },
};
