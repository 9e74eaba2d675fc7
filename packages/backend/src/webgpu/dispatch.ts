import type { TensorInfo } from '@tensorflow/tfjs-core';
import { isCast, makeOutput, type WebgpuBackend } from './backend.ts';

/** Threads of a workgroup: what every WebGPU device has. */
export const threads = 256;

/** `read` buffers may share memory with each other, `write` buffers with none; those can be read as well. */
export type BufferAccess = `${'read' | 'write'} ${'f32' | 'i32' | 'vec2<u32>'}`;

/** A compute shader with any number of outputs, up to eight buffers in all. */
export interface WgslProgram<Buffer extends string, Uniform extends string> {
  /** Names the code: two programs of one key have the same. */
  readonly key: string;
  readonly buffers: Readonly<Record<Buffer, BufferAccess>>;
  readonly uniforms: Readonly<Record<Uniform, 'u32' | 'f32'>>;
  /**
   * Makes the code: declarations, and `fn kernel(group : u32, thread : u32)`, run by 256 threads for every
   * group from 0 on. Groups past the number asked for may run too. Buffers are arrays by their names, uniforms
   * fields of `uniforms`.
   */
  readonly code: () => string;
}

const pipelines = new WeakMap<GPUDevice, Map<string, GPUComputePipeline>>();

/**
 * Runs a program on tensors, those that it writes included. Does nothing for 0 groups; an empty tensor is bound
 * as one number, which no kernel should read.
 */
export function dispatch<Buffer extends string, Uniform extends string>(
  backend: WebgpuBackend,
  program: WgslProgram<Buffer, Uniform>,
  tensors: Readonly<Record<Buffer, TensorInfo>>,
  uniforms: Readonly<Record<Uniform, number>>,
  groups: number,
): void {
  if (groups === 0) return;
  const placeholders: TensorInfo[] = [];
  const bound = (Object.keys(program.buffers) as Buffer[]).map((name): TensorInfo => {
    let { dataId, dtype, shape } = tensors[name];
    const isEmpty = shape.includes(0);
    if (isEmpty || (program.buffers[name] === 'read f32' && isCast(backend, tensors[name]))) {
      const placeholder = isEmpty
        ? backend.makeTensorInfo([1], 'float32')
        : floatsOf(backend, tensors[name]);
      placeholders.push(placeholder);
      dataId = placeholder.dataId;
    }
    backend.uploadToGPU(dataId);
    // Its shape would become uniforms of a size that differs from tensor to tensor.
    return { dataId, dtype, shape: [] };
  });
  const values = (Object.keys(program.uniforms) as Uniform[]).map((name) => ({
    type: program.uniforms[name] === 'f32' ? ('float32' as const) : ('uint32' as const),
    data: [uniforms[name]],
  }));
  backend.recordAndSubmit(
    { pipeline: pipelineOf(backend.device, program), dispatch: gridOf(backend.device, groups) },
    bound[0] as TensorInfo,
    bound.slice(1),
    values,
  );
  for (const { dataId } of placeholders) backend.disposeData(dataId);
}

/** The numbers of a float32 tensor that has them in memory as int32, since it is a cast of int32 or bool. */
function floatsOf(backend: WebgpuBackend, x: TensorInfo): TensorInfo {
  const size = x.shape.reduce((product, n) => product * n, 1);
  const y = makeOutput(backend, x.shape);
  dispatch(
    backend,
    {
      key: 'floats of integers',
      buffers: { x: 'read i32', y: 'write f32' },
      uniforms: { size: 'u32' },
      code: () => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at < uniforms.size) { y[at] = f32(x[at]); }
}`,
    },
    { x, y },
    { size },
    Math.ceil(size / threads),
  );
  return y;
}

/** One dimension has room for 65,535 groups on most devices; more of them become a rectangle. */
export function gridOf({ limits }: GPUDevice, groups: number): readonly [number, number, number] {
  const rows = Math.ceil(groups / limits.maxComputeWorkgroupsPerDimension);
  return [Math.ceil(groups / rows), rows, 1];
}

function pipelineOf(device: GPUDevice, program: WgslProgram<string, string>): GPUComputePipeline {
  let known = pipelines.get(device);
  if (known === undefined) {
    known = new Map();
    pipelines.set(device, known);
  }
  let pipeline = known.get(program.key);
  if (pipeline === undefined) {
    pipeline = makePipeline(device, program);
    known.set(program.key, pipeline);
  }
  return pipeline;
}

function makePipeline(
  device: GPUDevice,
  { key, buffers, uniforms, code }: WgslProgram<string, string>,
): GPUComputePipeline {
  const accesses = Object.entries(buffers);
  const declarations = accesses.map(([name, access], binding) => {
    const [mode, type] = access.split(' ');
    const storage = mode === 'write' ? 'read_write' : 'read';
    return `@group(0) @binding(${binding}) var<storage, ${storage}> ${name} : array<${type}>;`;
  });
  // The backend puts NaN, infinity and two numbers for each tensor before the uniforms.
  const header = 4 * (2 + 2 * accesses.length);
  const fields = Object.entries(uniforms).map(([name, type]) => `${name} : ${type},`);
  const source = `
${declarations.join('\n')}
struct Uniforms { @size(${header}) header : f32, ${fields.join(' ')} }
@group(0) @binding(${accesses.length}) var<uniform> uniforms : Uniforms;
${code()}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) group : vec3<u32>,
  @builtin(num_workgroups) groups : vec3<u32>,
  @builtin(local_invocation_index) thread : u32,
) {
  kernel(group.y * groups.x + group.x, thread);
}`;
  // A layout that is derived from the code lacks the buffers that it does not use.
  const layout = device.createBindGroupLayout({
    entries: [
      ...accesses.map(([, access], binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: {
          type: access.startsWith('write') ? ('storage' as const) : ('read-only-storage' as const),
        },
      })),
      {
        binding: accesses.length,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: 'uniform' },
      },
    ],
  });
  return device.createComputePipeline({
    label: key,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: {
      module: device.createShaderModule({ label: key, code: source }),
      entryPoint: 'main',
    },
  });
}
