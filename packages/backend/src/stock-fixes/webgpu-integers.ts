import {
  backend_util,
  type KernelBackend,
  type KernelConfig,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { asWebgpu, makeOutput } from '../webgpu/backend.ts';
import { dispatch, threads } from '../webgpu/dispatch.ts';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

const comparisons = {
  ...{ Equal: 'a == b', NotEqual: 'a != b', Less: 'a < b', LessEqual: 'a <= b' },
  ...{ Greater: 'a > b', GreaterEqual: 'a >= b' },
};

/** Whether a remainder is not 0 and of another sign than b, as that of a division towards 0 is. */
const isOff = 'a % b != 0 && (a < 0) != (b < 0)';

/** Of `a` and `b`, i32. What is divided by 0 is 0. */
const operations: Readonly<Record<string, string>> = {
  ...{ Add: 'a + b', AddV2: 'a + b', Sub: 'a - b', Multiply: 'a * b' },
  ...{ Maximum: 'max(a, b)', Minimum: 'min(a, b)', SquaredDifference: '(a - b) * (a - b)' },
  ...{ FloorDiv: `select(a / b, 0, b == 0) - select(0, 1, ${isOff})` },
  ...{ Mod: `a % b + select(0, b, ${isOff})` },
  ...Object.fromEntries(Object.entries(comparisons).map(([name, is]) => [name, `i32(${is})`])),
};

/** Stock computes small tensors that are not on the GPU in JavaScript, where they are exact, but for these. */
const onGpuAlone = new Set(['Mod', 'SquaredDifference']);

/** TensorFlow.js has tensors of up to so many axes. */
const mostAxes = 6;

/** How far apart an input's numbers are along each axis of the output; 0 where it has one. */
function stepsOf(shape: readonly number[], rank: number): number[] {
  const padded = [...Array<number>(rank - shape.length).fill(1), ...shape];
  return padded.map((size, axis) =>
    size === 1 ? 0 : padded.slice(axis + 1).reduce((product, n) => product * n, 1),
  );
}

const each = (names: string): string[] =>
  Array.from({ length: mostAxes }, (_, axis) => names + axis);

/** Integers as integers: stock computes them in float32, which ends at 2^24. */
const exact =
  (kernelName: string, operation: string) =>
  (stock: KernelConfig): KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
      const rank = Math.max(a.shape.length, b.shape.length);
      const gpu = asWebgpu(call.backend as Parameters<typeof asWebgpu>[0]);
      if (
        ![a, b].every(({ dtype }) => dtype === 'int32') ||
        rank > mostAxes ||
        (!onGpuAlone.has(kernelName) && gpu.shouldExecuteOnCPU([a, b]))
      ) {
        return stock.kernelFunc(call);
      }
      const shape = backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
      const y = makeOutput(gpu, shape, kernelName in comparisons ? 'bool' : 'int32');
      const full = (numbers: readonly number[], missing: number) => [
        ...Array<number>(mostAxes - rank).fill(missing),
        ...numbers,
      ];
      const sizes = full(shape, 1);
      const steps = { a: full(stepsOf(a.shape, rank), 0), b: full(stepsOf(b.shape, rank), 0) };
      const size = shape.reduce((product, n) => product * n, 1);
      const numbers = [size, ...sizes, ...steps.a, ...steps.b];
      dispatch(
        gpu,
        {
          key: `integers ${kernelName}`,
          buffers: { a: 'read i32', b: 'read i32', y: 'write i32' },
          uniforms: Object.fromEntries(uniformNames.map((name) => [name, 'u32' as const])),
          code: () => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.count) { return; }
  var rest = at;
  var i = 0u;
  var j = 0u;
${[...Array(mostAxes).keys()]
  .reverse()
  .map(
    (axis) => `  { let place = rest % uniforms.size${axis}; rest /= uniforms.size${axis};
    i += place * uniforms.a${axis}; j += place * uniforms.b${axis}; }`,
  )
  .join('\n')}
  y[at] = combined(a[i], b[j]);
}
fn combined(a : i32, b : i32) -> i32 { return ${operation}; }`,
        },
        { a, b, y },
        Object.fromEntries(uniformNames.map((name, at) => [name, numbers[at] ?? 0])),
        Math.ceil(size / threads),
      );
      return y;
    },
  });

const uniformNames = ['count', ...each('size'), ...each('a'), ...each('b')];

/** One sum after another. */
const exactAddN = (stock: KernelConfig): KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const terms = call.inputs as unknown as TensorInfo[];
    if (terms.some(({ dtype }) => dtype !== 'int32')) return stock.kernelFunc(call);
    return composite(call.backend as KernelBackend, 'webgpu', (runStock) =>
      terms
        .slice(1)
        .reduce(
          (a, b) => runStock('Add', { a, b }),
          runStock('Identity', { x: terms[0] as TensorInfo }),
        ),
    );
  },
});

export function registerWebgpuIntegers(): void {
  wrapKernel('AddN', 'webgpu', exactAddN);
  for (const [name, operation] of Object.entries(operations)) {
    wrapKernel(name, 'webgpu', exact(name, operation));
  }
}
