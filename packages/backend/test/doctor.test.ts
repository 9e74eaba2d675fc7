import { expect, it } from 'vitest';
import { diagnosisTable } from '../src/doctor.ts';

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
  expect(diagnosisTable({ node: '20.19.0', platform: 'linux x64', backends, auto: null })).toBe(
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
