import { describe, expect, it } from 'vitest';
import { describeAdapter } from '../../src/backends/webgpu.ts';

const unnamed = { vendor: '', architecture: '', device: '', description: '' };

describe('describeAdapter', () => {
  it.each([
    { ...unnamed, vendor: 'google', architecture: 'swiftshader' },
    { ...unnamed, vendor: 'mesa', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' },
    { ...unnamed, vendor: 'microsoft', description: 'Microsoft Basic Render Driver' },
    { ...unnamed, description: 'WARP' },
    { ...unnamed, isFallbackAdapter: true },
  ])('knows a GPU that software plays: $vendor $description', (info) => {
    expect(describeAdapter(info)).toMatchObject({ hardwareGpu: false, softwareGpu: true });
  });

  it.each([
    { ...unnamed, vendor: 'nvidia', architecture: 'ampere' },
    { ...unnamed, vendor: 'apple', architecture: 'metal-3', isFallbackAdapter: false },
    { ...unnamed, vendor: 'warpspeed', description: 'Time warper 9000' },
    unnamed,
  ])('takes the others for hardware: $vendor $architecture', (info) => {
    expect(describeAdapter(info)).toMatchObject({ hardwareGpu: true, softwareGpu: false });
  });

  it('names the GPU as far as it tells', () => {
    const info = { ...unnamed, vendor: 'nvidia', architecture: 'ada', description: 'nvidia' };
    expect(describeAdapter(info).device).toBe('nvidia ada');
    expect(describeAdapter(unnamed).device).toBe('a GPU that does not tell its name');
  });
});
