import type { BackendStatus } from './backends/types.ts';
import { type BackendChoice, probeBackends, useBackend } from './use-backend.ts';

/** What this machine can run. */
export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly backends: readonly BackendStatus[];
  /** What `useBackend('auto')` takes here; null where nothing runs. */
  readonly auto: BackendChoice | null;
}

/** Tries every backend. */
export async function diagnose(): Promise<Diagnosis> {
  const backends = await probeBackends();
  const some = backends.some(({ available }) => available);
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    backends,
    auto: some ? await useBackend('auto') : null,
  };
}

/** The diagnosis as a table for people, one backend a line, with what mends an absent one below it. */
export function diagnosisTable({ node, platform, backends, auto }: Diagnosis): string {
  const rows = backends.flatMap((status): string[][] => {
    if (!status.available) {
      const mend = status.fix === undefined ? [] : [['', '', `  mend it: ${status.fix}`]];
      return [[status.name, '-', `absent: ${status.reason}`], ...mend];
    }
    const note = status.softwareGpu ? ' (a GPU played by software: only taken by name)' : '';
    return [[status.name, status.version, `${status.device}${note}`]];
  });
  const table = [['backend', 'version', 'device, or why it is absent'], ...rows];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map(([name = '', version = '', text = '']) =>
    `${name.padEnd(widths[0] ?? 0)}  ${version.padEnd(widths[1] ?? 0)}  ${text}`.trimEnd(),
  );
  const choice =
    auto === null ? 'auto takes none: no backend can run here' : `auto takes ${auto.name}`;
  return [`Node ${node}, ${platform}`, '', ...lines, '', choice, ''].join('\n');
}
