import { selectNone } from './backends/select.ts';
import type { BackendStatus } from './backends/types.ts';
import { type KernelStatus, kernelStatuses } from './kernels/index.ts';
import { type BackendChoice, probeBackends, useBackend } from './use-backend.ts';

/** What this machine can run. */
export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly backends: readonly BackendStatus[];
  /**
   * Which kernels serve on each backend that runs, compared with their references on this machine. `cpu` has none, and on a
   * GPU that software plays they are not compared.
   */
  readonly kernels: readonly KernelStatus[];
  /** What `useBackend('auto')` takes here; null where nothing runs. */
  readonly auto: BackendChoice | null;
}

/** Tries every backend. */
export async function diagnose(): Promise<Diagnosis> {
  const backends = await probeBackends();
  const kernels: KernelStatus[] = [];
  for (const status of backends) {
    const { available, name } = status;
    // A GPU that software plays takes a minute for what the other backends do in a second.
    if (!available || name === 'cpu' || status.softwareGpu) continue;
    await useBackend(name);
    kernels.push(...(await kernelStatuses()));
  }
  // Otherwise auto would keep the last one.
  await selectNone();
  const some = backends.some(({ available }) => available);
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    backends,
    kernels,
    auto: some ? await useBackend('auto') : null,
  };
}

/** The diagnosis as a table for people, one backend a line, with what mends an absent one below it. */
export function diagnosisTable({ node, platform, backends, kernels, auto }: Diagnosis): string {
  const rows = backends.flatMap((status): string[][] => {
    const mend = status.fix === undefined ? [] : [['', '', `  mend it: ${status.fix}`]];
    if (!status.available) return [[status.name, '-', `absent: ${status.reason}`], ...mend];
    const note = status.softwareGpu ? ' (a GPU played by software: only taken by name)' : '';
    const warning = status.warning === undefined ? [] : [['', '', `  warning: ${status.warning}`]];
    return [[status.name, status.version, `${status.device}${note}`], ...warning, ...mend];
  });
  const table = [['backend', 'version', 'device, or why it is absent'], ...rows];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map(([name = '', version = '', text = '']) =>
    `${name.padEnd(widths[0] ?? 0)}  ${version.padEnd(widths[1] ?? 0)}  ${text}`.trimEnd(),
  );
  const choice =
    auto === null ? 'auto takes none: no backend can run here' : `auto takes ${auto.name}`;
  const sections = [[`Node ${node}, ${platform}`], lines, kernelLines(kernels), [choice]];
  return `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')}\n`;
}

/** How many kernels serve on each backend, and the reason of each that does not. */
function kernelLines(kernels: readonly KernelStatus[]): string[] {
  return [...new Set(kernels.map(({ backend }) => backend))].flatMap((backend) => {
    const own = kernels.filter(
      (kernel) => kernel.backend === backend && (kernel.active === 'native' || kernel.reason),
    );
    if (own.length === 0) return [];
    const natives = own.filter(({ active }) => active === 'native').length;
    // One line for the kernels of one reason: a missing library is the reason of all of them.
    const reasons = new Map<string, string[]>();
    for (const { kernel, reason } of own) {
      if (reason !== undefined) reasons.set(reason, [...(reasons.get(reason) ?? []), kernel]);
    }
    return [
      `kernels on ${backend}: ${natives} of ${own.length} are its own and agree with their references here`,
      ...[...reasons].map(([reason, names]) => `  not ${names.join(', ')}: ${reason}`),
    ];
  });
}
