import { expect, it } from 'vitest';
import { kernelStatuses, probeBackends, setKernelMode, useBackend } from '../../src/index.ts';
import { listed } from '../../src/testing/describe-backends.ts';
import { useSoftwareGpu } from '../../src/testing/index.ts';

useSoftwareGpu();
const required = listed('NEVEREND_REQUIRE')?.includes('webgpu') === true;
const available = (await probeBackends()).some(
  (status) => status.name === 'webgpu' && status.available,
);

// Not by describeBackends, which lets kernels serve uncompared. A GPU in software takes its time for the
// reductions of 65,537 rows in the composites.
it.runIf(required || available)(
  'the kernels in WGSL agree with their composites on this machine, and serve',
  async () => {
    await useBackend('webgpu');
    setKernelMode('native');
    const statuses = await kernelStatuses();
    expect(statuses.filter(({ serves }) => serves !== 'native')).toEqual([]);
    expect(statuses.map(({ kernel }) => kernel).sort()).toEqual([
      'NeverendBiasGelu',
      'NeverendBiasGeluGrad',
      'NeverendGatherRows',
      'NeverendGelu',
      'NeverendGeluGrad',
      'NeverendLayerNorm',
      'NeverendLayerNormGrad',
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
