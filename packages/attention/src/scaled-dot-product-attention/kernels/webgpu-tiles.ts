import { powerWgsl, threads } from '@neverend/backend/kernels';
import { droppedWgsl } from './webgpu-dropout.ts';

/** Lines and columns of a tile, and channels of a vector that are in the workgroup's memory at once. */
export const side = 32;

/** How many times `side` channels a vector has: a thread keeps four numbers of each. */
export const chunksOf = (width: number): number => Math.ceil(width / side);

/** How the inputs and their gradients lie in memory: `[rows, tokens, H, width]`. */
const layouts = {
  q: { tokens: 'queries', width: 'depth' },
  k: { tokens: 'keys', width: 'depth' },
  v: { tokens: 'keys', width: 'valueDepth' },
  dy: { tokens: 'queries', width: 'valueDepth' },
} as const;

export type Layout = keyof typeof layouts;

/** Which tokens the workgroups share out among them; the others pass by as columns. */
export type Lines = 'queries' | 'keys';

/**
 * WGSL for a workgroup that has 32 tokens of one head as its lines, and meets the tokens of the other side 32 at a
 * time, as columns. 8 neighbouring threads have a line: each has every 8th column of a tile, counted by `n` from 0 to
 * 3, and 4 channels of every 32. Vectors in the workgroup's memory have a length of 9, and weights of 33, so that
 * neighbours meet different banks.
 */
export const tiles = (lines: Lines, dropout: boolean): string => {
  const [query, key] = lines === 'queries' ? ['line', 'column'] : ['column', 'line'];
  return `
var<workgroup> left : array<vec4<f32>, ${9 * side}>;
var<workgroup> right : array<vec4<f32>, ${9 * side}>;
var<workgroup> weights : array<f32, ${33 * side}>;
var<private> row : u32;
var<private> head : u32;
var<private> slot : u32;
var<private> lane : u32;
var<private> line : u32;
// The thread's columns of the tile at hand whose keys are not hidden.
var<private> seen : vec4<bool>;
const lowest = -0x1.fffffep+127f;${powerWgsl}
${dropout ? droppedWgsl : 'fn dropped(index : u32, number : f32) -> f32 { return number; }'}
fn columnOf(start : u32, n : u32) -> u32 { return start + lane + 8u * n; }
fn scoresOf(start : u32, products : vec4<f32>) -> vec4<f32> {
  var scores = vec4<f32>(lowest);
  seen = vec4<bool>();
  for (var n = 0u; n < 4u; n++) {
    let column = columnOf(start, n);
    if (${query} < uniforms.queries && ${key} < uniforms.keys && i32(${key}) <= i32(${query}) + i32(uniforms.offset)) {
      let at = row * uniforms.maskRow + head * uniforms.maskHead + ${query} * uniforms.maskQuery + ${key} * uniforms.maskKey;
      // -Infinity, by its bits: WGSL may take every number for finite.
      seen[n] = bitcast<u32>(mask[at]) != 0xff800000u;
      if (seen[n]) { scores[n] = uniforms.scale * products[n] + mask[at]; }
    }
  }
  return scores;
}
fn ofSeen(numbers : vec4<f32>) -> vec4<f32> { return select(vec4<f32>(), numbers, seen); }
fn powersOf(scores : vec4<f32>, largest : vec4<f32>) -> vec4<f32> {
  let d = scores - largest;
  return ofSeen(vec4<f32>(power(d.x), power(d.y), power(d.z), power(d.w)));
}
fn droppedOf(start : u32, numbers : vec4<f32>) -> vec4<f32> {
  var rest : vec4<f32>;
  for (var n = 0u; n < 4u; n++) {
    let column = columnOf(start, n);
    let index = ((row * uniforms.heads + head) * uniforms.queries + ${query}) * uniforms.keys + ${key};
    rest[n] = dropped(index, numbers[n]);
  }
  return rest;
}`;
};

/** The first statements of a kernel: the thread's place, the `first` line of its tile, and the columns, `begin` to `end`. */
export const placed = (lines: Lines): string => `
  let tiles = (uniforms.${lines} + ${side - 1}u) / ${side}u;
  if (group >= uniforms.rows * uniforms.heads * tiles) { return; }
  let first = group % tiles * ${side}u;
  row = group / tiles / uniforms.heads;
  head = group / tiles % uniforms.heads;
  slot = thread / 8u;
  lane = thread % 8u;
  line = first + slot;
  let offset = i32(uniforms.offset);
  ${
    lines === 'queries'
      ? `let begin = 0u;
  let end = u32(clamp(i32(first) + ${side} + offset, 0, i32(uniforms.keys)));`
      : `let begin = u32(max(i32(first) - offset, 0));
  let end = uniforms.queries;`
  }`;

const firstOf = (layout: Layout, token: string): string => {
  const { tokens, width } = layouts[layout];
  return `((row * uniforms.${tokens} + ${token}) * uniforms.heads + head) * uniforms.${width}`;
};

/** `NAMEAt(token, channel)`: four numbers of an input's vector, zeros past its end and for tokens past the last. */
export const read = (name: Layout): string => `
fn ${name}At(token : u32, channel : u32) -> vec4<f32> {
  var numbers = vec4<f32>();
  if (token >= uniforms.${layouts[name].tokens}) { return numbers; }
  let first = ${firstOf(name, 'token')} + channel;
  for (var c = 0u; c < 4u && channel + c < uniforms.${layouts[name].width}; c++) { numbers[c] = ${name}[first + c]; }
  return numbers;
}`;

/** `write_NAME(sums)`: writes the thread's numbers of its line to the output of this name. */
export const write = (name: string, layout: Layout, chunks: number): string => `
fn write_${name}(sums : array<vec4<f32>, ${chunks}>) {
  if (line >= uniforms.${layouts[layout].tokens}) { return; }
  let first = ${firstOf(layout, 'line')};
  for (var chunk = 0u; chunk < ${chunks}u; chunk++) {
    let channel = ${side}u * chunk + 4u * lane;
    for (var c = 0u; c < 4u && channel + c < uniforms.${layouts[layout].width}; c++) {
      ${name}[first + channel + c] = sums[chunk][c];
    }
  }
}`;

/** `LINES_COLUMNS(start)`: the products of the thread's line with its columns. */
export const multiply = (lines: Layout, columns: Layout): string => `
fn ${lines}_${columns}(start : u32) -> vec4<f32> {
  var sums = vec4<f32>();
  for (var channel = 0u; channel < uniforms.${layouts[lines].width}; channel += ${side}u) {
    left[9u * slot + lane] = ${lines}At(line, channel + 4u * lane);
    right[9u * slot + lane] = ${columns}At(start + slot, channel + 4u * lane);
    workgroupBarrier();
    // Few tokens leave many threads without a line.
    for (var c = 0u; c < 8u && line < uniforms.${layouts[lines].tokens}; c++) {
      let mine = left[9u * slot + c];
      let at = 9u * lane + c;
      sums += vec4<f32>(dot(mine, right[at]), dot(mine, right[at + 72u]), dot(mine, right[at + 144u]), dot(mine, right[at + 216u]));
    }
    workgroupBarrier();
  }
  return sums;
}`;

/** How keys may be hidden. */
export interface Hiding {
  readonly causal: boolean;
  readonly masked: boolean;
}

/**
 * `add_COLUMNS(start, factors, sums)`: adds to the line's sums the vectors of the columns, each by its factor. Pairs that are hidden are
 * left out, as 0 times what they hold could be NaN: those of `causal` by the bounds of the loop, those of a mask by a factor of `lowest`.
 */
export const add = (columns: Layout, chunks: number, { causal, masked }: Hiding): string => {
  const ofKeys = layouts[columns].tokens === 'keys';
  const past = `i32(line) ${ofKeys ? '+ 1 +' : '-'} i32(uniforms.offset) - i32(start)`;
  const bound = `u32(clamp(${past}, 0, ${side}))`;
  return `
fn add_${columns}(start : u32, factors : vec4<f32>, sums : ptr<function, array<vec4<f32>, ${chunks}>>) {
  for (var n = 0u; n < 4u; n++) {
    weights[33u * slot + lane + 8u * n] = ${masked ? 'select(lowest, factors[n], seen[n])' : 'factors[n]'};
  }
  let begin = ${causal && !ofKeys ? bound : '0u'};
  let end = select(0u, ${causal && ofKeys ? bound : `${side}u`}, line < uniforms.${ofKeys ? 'queries' : 'keys'});
  for (var chunk = 0u; chunk < ${chunks}u; chunk++) {
    right[9u * slot + lane] = ${columns}At(start + slot, ${side}u * chunk + 4u * lane);
    workgroupBarrier();
    var sum = (*sums)[chunk];
    for (var column = begin; column < end; column++) {
      let weight = weights[33u * slot + column];
      ${masked ? 'if (bitcast<u32>(weight) == bitcast<u32>(lowest)) { continue; }' : ''}
      sum += weight * right[9u * column + lane];
    }
    (*sums)[chunk] = sum;
    workgroupBarrier();
  }
}`;
};

/** Softmax that goes on from tile to tile; `powersOn` gives the powers by the largest score so far, and `shrink`. */
export const runningSoftmax: string = `
var<workgroup> numbers : array<f32, ${threads}>;
var<private> largest : f32 = lowest;
var<private> total : f32;
var<private> shrink : f32;
fn largestOfLine(number : f32) -> f32 {
  workgroupBarrier();
  numbers[8u * slot + lane] = number;
  workgroupBarrier();
  var result = number;
  for (var other = 0u; other < 8u; other++) { result = max(result, numbers[8u * slot + other]); }
  return result;
}
fn sumOfLine(number : f32) -> f32 {
  workgroupBarrier();
  numbers[8u * slot + lane] = number;
  workgroupBarrier();
  var result = 0.0;
  for (var other = 0u; other < 8u; other++) { result += numbers[8u * slot + other]; }
  return result;
}
fn powersOn(scores : vec4<f32>) -> vec4<f32> {
  let here = max(max(scores.x, scores.y), max(scores.z, scores.w));
  let next = largestOfLine(max(largest, here));
  shrink = power(largest - next);
  largest = next;
  let powers = powersOf(scores, vec4<f32>(largest));
  total = total * shrink + dot(powers, vec4<f32>(1.0));
  return powers;
}
fn shareOfLine() -> f32 {
  let sum = sumOfLine(total);
  return select(1.0 / sum, 0.0, bitcast<u32>(sum) == 0u);
}`;
