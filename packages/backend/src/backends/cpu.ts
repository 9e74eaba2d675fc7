import { absentPackage, select } from './select.ts';
import type { BackendStatus } from './types.ts';

export async function startCpu(): Promise<BackendStatus> {
  const specifier = '@tensorflow/tfjs-backend-cpu';
  try {
    const { version_cpu: version } = await import('@tensorflow/tfjs-backend-cpu');
    await select('cpu');
    const device = 'JavaScript on the CPU';
    return {
      available: true,
      name: 'cpu',
      version,
      device,
      hardwareGpu: false,
      softwareGpu: false,
    };
  } catch (error) {
    return absentPackage('cpu', specifier, error);
  }
}
