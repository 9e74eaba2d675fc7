import { afterEach, expect, it } from 'vitest';
import { kernelStatuses, probeBackends, setKernelMode, useBackend } from '../../src/index.ts';
import { listed } from '../../src/testing/describe-backends.ts';

const required = listed('NEVEREND_REQUIRE') ?? [];
const available = (await probeBackends()).flatMap((one) => (one.available ? [one.name] : []));

afterEach(() => setKernelMode(undefined));

// Not by describeBackends, which lets kernels serve uncompared. A GPU in software takes its time for the
// reductions of 65,537 rows in the composites.
for (const backend of ['wasm', 'tensorflow', 'webgpu'] as const) {
  it.runIf(required.includes(backend) || available.includes(backend))(
    `the kernels on ${backend} agree with their composites on this machine, and serve`,
    async () => {
      await useBackend(backend);
      setKernelMode('native');
      const statuses = await kernelStatuses();
      expect(statuses.filter(({ reason }) => reason !== undefined)).toEqual([]);
      const natives = statuses.filter(({ serves }) => serves === 'native');
      expect(natives.map(({ kernel }) => kernel).sort()).toEqual([
        'NeverendBiasGelu',
        'NeverendBiasGeluGrad',
        'NeverendGatherRows',
        'NeverendGelu',
        'NeverendGeluGrad',
        'NeverendLayerNorm',
        'NeverendLayerNormGrad',
        ...(backend === 'wasm' ? ['NeverendMatMul'] : []),
        'NeverendRmsNorm',
        'NeverendRmsNormGrad',
        'NeverendScatterAddRows',
        'NeverendSetRows',
        'NeverendSoftmax',
        'NeverendSoftmaxGrad',
      ]);
    },
    600_000,
  );
}
