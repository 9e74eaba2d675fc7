import { expect, it } from 'vitest';
import { diagnosisTable } from '../src/doctor.ts';

const nothing = {
  node: '20.19.0',
  platform: 'linux x64',
  backends: [],
  kernels: [],
  failures: [],
  auto: null,
};

it('the table says so where nothing runs, and marks a software GPU', () => {
  const backends = [
    { available: false, name: 'tensorflow', reason: 'it is broken', fix: 'npm rebuild it' },
    {
      available: true,
      name: 'webgpu',
      version: '4.22.0',
      device: 'google swiftshader',
      hardwareGpu: false,
      softwareGpu: true,
    },
    { available: false, name: 'cpu', reason: 'it is gone' },
  ] as const;
  expect(diagnosisTable({ ...nothing, backends })).toBe(
    [
      'Node 20.19.0, linux x64',
      '',
      'backend     version  device, or why it is absent',
      'tensorflow  -        absent: it is broken',
      '                       mend it: npm rebuild it',
      'webgpu      4.22.0   google swiftshader (a GPU played by software: only taken by name)',
      'cpu         -        absent: it is gone',
      '',
      'auto takes none: no backend can run here',
      '',
    ].join('\n'),
  );
});

it('the table counts the kernels that serve on each backend, and names those that do not', () => {
  const kernel = (name: string, backend: string, reason?: string) => ({
    kernel: name,
    package: name === 'Scan' ? '@neverend/lru' : '@neverend/nn',
    backend,
    active: reason === undefined ? ('native' as const) : ('composite' as const),
    ...(reason === undefined ? {} : { reason }),
  });
  const kernels = [
    kernel('Scan', 'wasm'),
    kernel('Gelu', 'wasm', 'output 0 was 2, not 1'),
    kernel('Scan', 'tensorflow', 'the library is missing'),
    kernel('Gelu', 'tensorflow', 'the library is missing'),
    // No version for the backend: nothing to tell.
    { kernel: 'Scan', package: '@neverend/lru', backend: 'webgpu', active: 'composite' } as const,
  ];
  const failures = [{ package: 'some-scan', reason: 'it is torn' }];
  expect(diagnosisTable({ ...nothing, kernels, failures })).toContain(
    [
      '',
      'kernels on wasm: 1 of 2 are its own and agree with their references here',
      '  @neverend/lru 1, @neverend/nn 1',
      '  not Gelu: output 0 was 2, not 1',
      'kernels on tensorflow: 0 of 2 are its own and agree with their references here',
      '  @neverend/lru 1, @neverend/nn 1',
      '  not Scan, Gelu: the library is missing',
      'kernels of some-scan are not known, since it does not load: it is torn',
      '',
    ].join('\n'),
  );
});

it('the table shows a warning and what mends it', () => {
  const gpu = {
    available: true,
    name: 'tensorflow',
    version: '4.22.0',
    device: 'CPU, libtensorflow',
    hardwareGpu: false,
    softwareGpu: false,
    warning: 'it fell back',
    fix: 'install it',
  } as const;
  const table = diagnosisTable({
    ...nothing,
    backends: [gpu],
    auto: { ...gpu, kept: false, skipped: [] },
  });
  expect(table.split('\n').slice(3, 6)).toEqual([
    'tensorflow  4.22.0   CPU, libtensorflow',
    '                       warning: it fell back',
    '                       mend it: install it',
  ]);
});
