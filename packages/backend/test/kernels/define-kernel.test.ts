// In a process of its own: it registers backends and kernels.
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  BackendError,
  type BackendKernel,
  definedKernelFlops,
  defineKernel,
  type Kernel,
  type KernelDefinition,
  kernelMode,
  kernelStatuses,
  kernelsReady,
  setKernelMode,
  useBackend,
} from '../../src/index.ts';
import { allowBackground } from '../../src/kernels/background.ts';
import { randomCase } from '../../src/kernels/random-case.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  numericGradient,
} from '../../src/testing/index.ts';

type Inputs = { readonly x: tf.Tensor; readonly y: tf.Tensor };
type Attrs = { readonly scale: number };
type NativeKernel = BackendKernel<Inputs, Attrs>;

let count = 0;

/** scale · x · y, and x + y; natives are out of the backend's own kernels, so that they exist on each. */
function product(
  override: (backend: string) => Partial<NativeKernel>,
  change: Partial<KernelDefinition<Inputs, Attrs>> = {},
): { kernel: Kernel<Inputs, Attrs>; runs: () => number } {
  let runs = 0;
  const name = `TestProduct${count++}`;
  const native = (backend: string): NativeKernel => ({
    compute: ({ inputs: { x, y }, attrs: { scale } }) => {
      runs++;
      return tf.tidy(() => [tf.mul(tf.mul(x, y), scale), tf.add(x, y)]);
    },
    ...override(backend),
  });
  const kernel = defineKernel<Inputs, Attrs>({
    name,
    composite: ({ inputs: { x, y }, attrs: { scale } }) => [
      tf.mul(tf.mul(x, scale), y),
      tf.add(y, x),
    ],
    gradient: {
      saveInputs: ['x', 'y'],
      backward: ([dProduct, dSum], [x, y], { scale }) => {
        const by = (other: tf.Tensor | undefined) => () =>
          tf.add(
            tf.mul(tf.mul(dProduct as tf.Tensor, other as tf.Tensor), scale),
            dSum as tf.Tensor,
          );
        return { x: by(y), y: by(x) };
      },
    },
    backendKernels: {
      wasm: native('wasm'),
      webgpu: native('webgpu'),
      tensorflow: native('tensorflow'),
    },
    cases: [1, 7, 65_537].map((size) => () => ({
      inputs: {
        // WebGPU's linspace of one number is NaN.
        x: tf.tidy(() => tf.sub(tf.div(tf.range(0, size), size), 0.5)),
        y: tf.tidy(() => tf.add(tf.div(tf.range(0, size), size), 2)),
      },
      attrs: { scale: 3 },
    })),
    flops: ({ inputs: { x } }) => 3 * x.size,
    ...change,
  });
  return { kernel, runs: () => runs };
}

/** Right up to a number of the vector. */
const wrongAfter = (last: number): Partial<NativeKernel> => ({
  compute: ({ inputs: { x, y }, attrs: { scale } }) =>
    tf.tidy(() => {
      const after = tf.cast(tf.greater(tf.range(0, x.size), last), 'float32');
      return [tf.add(tf.mul(tf.mul(x, y), scale), after), tf.add(x, y)];
    }),
});

/** As a kernel that forgets what is left behind whole vectors of four. */
const wrong = wrongAfter(3);

async function checkValues(kernel: Kernel<Inputs, Attrs>): Promise<void> {
  const [x, y] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([4, -5, 6])];
  let outputs: tf.Tensor[] = [];
  try {
    outputs = kernel.run({ x, y }, { scale: 2 });
    await expectTensorClose(outputs[0] as tf.Tensor, [8, -20, 36]);
    await expectTensorClose(outputs[1] as tf.Tensor, [5, -3, 9]);
  } finally {
    tf.dispose([x, y, outputs]);
  }
}

const check = (kernel: Kernel<Inputs, Attrs>) => expectNoLeak(() => checkValues(kernel));

const statusOf = async ({ name }: Kernel<Inputs, Attrs>) =>
  (await kernelStatuses()).find(({ kernel }) => kernel === name);

afterEach(() => {
  setKernelMode(undefined);
  vi.restoreAllMocks();
});

await describeBackends('a defined kernel', (backend) => {
  const hasBackendKernel = backend !== 'cpu';

  it('is served by the backend kernel that agrees with the composite, and else by the composite', async () => {
    const { kernel, runs } = product(() => ({}));
    await kernelsReady();
    const tested = runs();
    await check(kernel);
    expect(runs() - tested).toBe(hasBackendKernel ? 1 : 0);
    expect(await statusOf(kernel)).toEqual({
      kernel: kernel.name,
      backend,
      active: hasBackendKernel ? 'native' : 'composite',
    });
  });

  it('has one gradient for whatever serves', async () => {
    const { kernel } = product(() => ({}));
    await kernelsReady();
    const f = (x: tf.Tensor, y: tf.Tensor) => {
      const [a, b] = kernel.run({ x, y }, { scale: 3 }) as [tf.Tensor, tf.Tensor];
      return tf.sum(tf.mul(tf.square(a), b));
    };
    const plain = (v: Float64Array) =>
      [0, 1].reduce((sum, at) => {
        const [x, y] = [v[at] ?? 0, v[at + 2] ?? 0];
        return sum + (3 * x * y) ** 2 * (x + y);
      }, 0);
    const expected = numericGradient(plain, [1, -2, 0.5, 3]);
    for (const mode of ['auto', 'composite'] as const) {
      setKernelMode(mode);
      await expectNoLeak(async () => {
        const inputs = [tf.tensor1d([1, -2]), tf.tensor1d([0.5, 3])];
        const [dx, dy] = tf.grads(f)(inputs) as [tf.Tensor, tf.Tensor];
        await expectTensorClose(dx, expected.subarray(0, 2), { rtol: 1e-4, atol: 1e-4 });
        await expectTensorClose(dy, expected.subarray(2), { rtol: 1e-4, atol: 1e-4 });
        tf.dispose([inputs, dx, dy]);
      });
    }
  });

  it('that is wrong here is caught before its first use, once and in one line', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { kernel } = product(() => wrong);
    // WebGPU compares while the composite serves; its tensors would count as leaks.
    if (backend === 'webgpu') await kernelsReady();
    await check(kernel);
    await kernelsReady();
    await check(kernel);
    if (!hasBackendKernel) {
      expect(warn).not.toHaveBeenCalled();
      return;
    }
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining(`the ${backend} kernel ${kernel.name} is not used`)],
    ]);
    expect(warn.mock.calls[0]?.[0]).toMatch(/output 0 of .* x \[7\].* was .*, not [^\n]*$/);
    expect(await statusOf(kernel)).toMatchObject({
      active: 'composite',
      reason: expect.stringContaining('output 0 of'),
    });
  });

  it.runIf(hasBackendKernel)(
    'that is wrong in its second row alone is caught before its first use',
    async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      // The first case has one row, as those of our packages have.
      const cases = ([1, 5, 20_000] as const).map((rows) =>
        randomCase({ x: { shape: [rows, 3] }, y: { shape: [rows, 3] } }, { scale: 3 }),
      );
      const { kernel } = product(
        () => ({
          compute: ({ inputs: { x, y }, attrs: { scale } }) =>
            tf.tidy(() => {
              const second = tf.equal(tf.range(0, x.shape[0] ?? 1), 1);
              const error = tf.reshape(tf.cast(second, 'float32'), [-1, 1]);
              return [tf.add(tf.mul(tf.mul(x, y), scale), error), tf.add(x, y)];
            }),
        }),
        { cases },
      );
      if (backend === 'webgpu') await kernelsReady();
      await expectNoLeak(async () => {
        const [x, y] = [tf.ones([2, 3]), tf.ones([2, 3])];
        const outputs = kernel.run({ x, y }, { scale: 2 });
        await expectTensorClose(outputs[0] as tf.Tensor, {
          shape: [2, 3],
          data: [2, 2, 2, 2, 2, 2],
        });
        tf.dispose([x, y, outputs]);
      });
      expect(warn).toHaveBeenCalledTimes(1);
      // The first number of the second row.
      expect(warn.mock.calls[0]?.[0]).toMatch(/output 0 of .* x \[5,3\].* was .* at 3, not /);
    },
  );

  it.runIf(hasBackendKernel)(
    'that is wrong in long calls alone is caught where all is compared',
    async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      const { kernel } = product(() => wrongAfter(65_000));
      await kernelsReady();
      expect(warn).not.toHaveBeenCalled();
      expect(await statusOf(kernel)).toMatchObject({
        active: 'composite',
        reason: expect.stringMatching(/output 0 of .* x \[65537\]/),
      });
      expect(warn).toHaveBeenCalledTimes(1);
    },
  );

  /** A gradient that is twice as large unless composites are forced, as that of a wrong backward kernel is. */
  const doubled: Partial<KernelDefinition<Inputs, Attrs>> = {
    gradient: {
      saveInputs: ['x', 'y'],
      backward: ([dy], [, y], { scale }) => ({
        x: () =>
          tf.mul(
            tf.mul(dy as tf.Tensor, y as tf.Tensor),
            kernelMode() === 'composite' ? scale : 2 * scale,
          ),
      }),
    },
  };

  it.runIf(hasBackendKernel)('whose gradient is wrong here is caught', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { kernel } = product(() => ({}), doubled);
    await kernelsReady();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(`gradient of x of ${kernel.name}`));
    expect(await statusOf(kernel)).toMatchObject({ active: 'composite' });
  });

  // WebGPU lets no gradient wait.
  it.runIf(hasBackendKernel && backend !== 'webgpu')(
    'is compared by its gradient at the first one, which is right already',
    async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      let backwards = 0;
      const { backward, ...gradient } = doubled.gradient ?? { backward: () => ({}) };
      const { kernel, runs } = product(() => ({}), {
        gradient: {
          ...gradient,
          backward: (...args) => {
            backwards++;
            return backward(...args);
          },
        },
      });
      await check(kernel);
      expect(backwards).toBe(0);
      expect(runs()).toBe(3);
      await expectNoLeak(async () => {
        const [x, y] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([4, -5, 6])];
        const slope = tf.grad((at) => {
          const [a] = kernel.run({ x: at, y }, { scale: 3 }) as [tf.Tensor];
          return tf.sum(a);
        });
        const dx = slope(x);
        await expectTensorClose(dx, [12, -15, 18]);
        tf.dispose([x, y, dx]);
      });
      expect(warn).toHaveBeenCalledTimes(1);
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('gradient of x'));
      // From here on the composite serves.
      const before = runs();
      await check(kernel);
      expect(runs()).toBe(before);
    },
  );

  it.runIf(hasBackendKernel)(
    'serves uncompared where kernels are trusted, right or wrong',
    async () => {
      const { kernel } = product(() => wrong);
      await useBackend(backend, { trustKernels: true });
      try {
        const [x, y] = [tf.ones([5]), tf.ones([5])];
        const outputs = kernel.run({ x, y }, { scale: 1 });
        await expectTensorClose(outputs[0] as tf.Tensor, [1, 1, 1, 1, 2]);
        tf.dispose([x, y, outputs]);
      } finally {
        await useBackend(backend, { trustKernels: false });
      }
      vi.spyOn(console, 'warn').mockImplementation(() => {});
      expect(await statusOf(kernel)).toMatchObject({ active: 'composite' });
    },
  );

  it.runIf(backend === 'webgpu')(
    'is compared while the program rests, and no call waits for it',
    async () => {
      const { kernel, runs } = product(() => ({}));
      allowBackground(true);
      try {
        await check(kernel);
        expect(runs()).toBe(0);
        await vi.waitFor(() => expect(runs()).toBe(2), { timeout: 20_000 });
        await vi.waitFor(
          async () => {
            const before = runs();
            await check(kernel);
            expect(runs()).toBe(before + 1);
          },
          { timeout: 20_000, interval: 500 },
        );
      } finally {
        allowBackground(false);
      }
    },
    60_000,
  );

  it('may use itself in its gradient, and is compared once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const change: Partial<KernelDefinition<Inputs, Attrs>> = {
      gradient: {
        saveInputs: ['x', 'y'],
        backward: ([dy], [, y], attrs) => ({
          x: () => self.run({ x: dy, y } as Inputs, attrs)[0] as tf.Tensor,
        }),
      },
    };
    const { kernel: self, runs } = product(() => ({}), change);
    const comparing = kernelsReady();
    // Tensors of a comparison that goes on would count as leaks.
    await checkValues(self);
    await comparing;
    await check(self);
    // Each small case once, the gradient by the composite, and the calls that came after.
    expect(runs()).toBe(hasBackendKernel ? 2 + (backend === 'webgpu' ? 1 : 2) : 0);

    const { kernel } = product(() => wrong);
    const late = kernelsReady();
    await checkValues(kernel);
    await late;
    expect(warn).toHaveBeenCalledTimes(hasBackendKernel ? 1 : 0);
  });

  it.runIf(hasBackendKernel)('that throws here is caught', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { kernel } = product(() => ({
      compute: () => {
        throw new Error('no such instruction\nat all');
      },
    }));
    await kernelsReady();
    await check(kernel);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(await statusOf(kernel)).toMatchObject({ reason: 'it failed: no such instruction' });
  });

  it.runIf(hasBackendKernel)(
    'that is unavailable here gives way in silence, and says why',
    async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      const { kernel, runs } = product(() => ({ unavailable: () => 'this machine has no abacus' }));
      await check(kernel);
      expect(await statusOf(kernel)).toMatchObject({
        active: 'composite',
        reason: 'this machine has no abacus',
      });
      expect(runs()).toBe(0);
      expect(warn).not.toHaveBeenCalled();
    },
  );

  it('gives way for a call that it cannot take, and is not compared on such a one', async () => {
    const { kernel, runs } = product(() => ({ supports: ({ inputs }) => inputs.x.size > 3 }));
    await kernelsReady();
    // Of the cases of 1 and 7 numbers, and then of that of 65,537.
    expect(runs()).toBe(hasBackendKernel ? 1 : 0);
    await statusOf(kernel);
    const compared = hasBackendKernel ? 1 + 2 : 0;
    expect(runs()).toBe(compared);
    await check(kernel);
    // Also where composites are forbidden: this call is the composite's.
    setKernelMode('native');
    await check(kernel);
    expect(runs()).toBe(compared);
  });

  it('is never native where composites are forced', async () => {
    setKernelMode('composite');
    const { kernel, runs } = product(() => ({}));
    await kernelsReady();
    await check(kernel);
    expect(runs()).toBe(0);
    expect(await statusOf(kernel)).toMatchObject({ active: 'composite' });
  });

  it('is never a composite where those are forbidden, unless there is nothing else', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    setKernelMode('native');
    const right = product(() => ({}));
    const broken = product(() => wrong);
    await kernelsReady();
    await check(right.kernel);
    if (!hasBackendKernel) return check(broken.kernel);
    await expect(check(broken.kernel)).rejects.toThrow(BackendError);
    await expect(check(broken.kernel)).rejects.toThrow(
      `composites are forbidden, and the ${backend} kernel ${broken.kernel.name} cannot serve: output 0`,
    );
  });
});

describe('defineKernel', () => {
  it('serves the composite on a backend that neverend does not know', async () => {
    const { kernel, runs } = product(() => ({}));
    const before = tf.getBackend();
    tf.registerBackend('abacus', () => new MathBackendCPU());
    tf.copyRegisteredKernels('cpu', 'abacus');
    try {
      await tf.setBackend('abacus');
      await check(kernel);
      expect(await statusOf(kernel)).toMatchObject({ backend: 'abacus', active: 'composite' });
      expect(runs()).toBe(0);
    } finally {
      await tf.setBackend(before);
      tf.removeBackend('abacus');
    }
  });

  it('refuses a second kernel of one name', () => {
    const { kernel } = product(() => ({}));
    expect(() => product(() => ({}), { name: kernel.name })).toThrow('is defined already');
  });

  it('tells the operations of a call, and nothing of other kernels', () => {
    const { kernel } = product(() => ({}));
    tf.tidy(() => {
      const call = { inputs: { x: tf.ones([5]), y: tf.ones([5]) }, attrs: { scale: 1 } };
      expect(definedKernelFlops(kernel.name, call)).toBe(15);
      expect(definedKernelFlops('Add', call)).toBeUndefined();
    });
  });
});
