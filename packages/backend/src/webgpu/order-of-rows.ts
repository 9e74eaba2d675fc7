import type { TensorInfo } from '@tensorflow/tfjs-core';
import { makeOutput, type WebgpuBackend } from './backend.ts';
import { dispatch, threads, type WgslProgram } from './dispatch.ts';

/** Pairs that a workgroup sorts in its own memory. */
const block = 2 * threads;

/**
 * Pairs (row, k) in the order of rows, and of k within a row, by a bitonic sort (Batcher, 1968).
 *
 * @param rows `[count]`, int32, count > 0.
 * @returns `[at least count, 2]` of which the first `count` pairs count, the caller's to dispose.
 */
export function orderOfRows(backend: WebgpuBackend, rows: TensorInfo, count: number): TensorInfo {
  let size = block;
  while (size < count) size *= 2;
  const pairs = makeOutput(backend, [size, 2], 'int32');
  const groups = size / block;
  dispatch(backend, sortBlocks, { rows, pairs }, { count }, groups);
  for (let run = 2 * block; run <= size; run *= 2) {
    for (let stride = run / 2; stride >= block; stride /= 2) {
      dispatch(backend, exchange, { pairs }, { run, stride }, groups);
    }
    dispatch(backend, mergeBlocks, { pairs }, { run }, groups);
  }
  return pairs;
}

// Runs ascend and descend in turn, as the bit of their length in the position says.
const compare = `
fn inOrder(a : vec2<u32>, b : vec2<u32>) -> bool {
  return a.x < b.x || (a.x == b.x && a.y < b.y);
}
fn lowOf(thread : u32, stride : u32) -> u32 {
  return thread / stride * 2u * stride + thread % stride;
}`;

const withinBlock = `${compare}
var<workgroup> own : array<vec2<u32>, ${block}>;
fn exchangeOwn(thread : u32, start : u32, run : u32, stride : u32) {
  workgroupBarrier();
  let low = lowOf(thread, stride);
  let a = own[low];
  let b = own[low + stride];
  if (inOrder(a, b) != (((start + low) & run) == 0u)) {
    own[low] = b;
    own[low + stride] = a;
  }
}
fn storeOwn(thread : u32, start : u32) {
  workgroupBarrier();
  if (start + ${block}u <= arrayLength(&pairs)) {
    pairs[start + thread] = own[thread];
    pairs[start + thread + ${threads}u] = own[thread + ${threads}u];
  }
}`;

const sortBlocks: WgslProgram<'rows' | 'pairs', 'count'> = {
  key: 'order of rows: sort',
  buffers: { rows: 'read i32', pairs: 'write vec2<u32>' },
  uniforms: { count: 'u32' },
  // What fills up the last block comes after every row.
  code: () => `${withinBlock}
fn pairAt(k : u32) -> vec2<u32> {
  if (k < uniforms.count) { return vec2(u32(rows[k]), k); }
  return vec2(0xffffffffu, k);
}
fn kernel(group : u32, thread : u32) {
  let start = group * ${block}u;
  own[thread] = pairAt(start + thread);
  own[thread + ${threads}u] = pairAt(start + thread + ${threads}u);
  for (var run = 2u; run <= ${block}u; run *= 2u) {
    for (var stride = run / 2u; stride > 0u; stride /= 2u) { exchangeOwn(thread, start, run, stride); }
  }
  storeOwn(thread, start);
}`,
};

const exchange: WgslProgram<'pairs', 'run' | 'stride'> = {
  key: 'order of rows: exchange',
  buffers: { pairs: 'write vec2<u32>' },
  uniforms: { run: 'u32', stride: 'u32' },
  code: () => `${compare}
fn kernel(group : u32, thread : u32) {
  let low = lowOf(group * ${threads}u + thread, uniforms.stride);
  let high = low + uniforms.stride;
  if (high >= arrayLength(&pairs)) { return; }
  let a = pairs[low];
  let b = pairs[high];
  if (inOrder(a, b) != ((low & uniforms.run) == 0u)) {
    pairs[low] = b;
    pairs[high] = a;
  }
}`,
};

const mergeBlocks: WgslProgram<'pairs', 'run'> = {
  key: 'order of rows: merge',
  buffers: { pairs: 'write vec2<u32>' },
  uniforms: { run: 'u32' },
  code: () => `${withinBlock}
fn kernel(group : u32, thread : u32) {
  let start = group * ${block}u;
  own[thread] = pairs[start + thread];
  own[thread + ${threads}u] = pairs[start + thread + ${threads}u];
  for (var stride = ${threads}u; stride > 0u; stride /= 2u) {
    exchangeOwn(thread, start, uniforms.run, stride);
  }
  storeOwn(thread, start);
}`,
};
