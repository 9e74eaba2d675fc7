import { selectNone } from './backends/select.ts';
import type { BackendStatus } from './backends/types.ts';
import { importPackage } from './import-package.ts';
import { installedPackages } from './installed-packages.ts';
import { definedKernels } from './kernels/define-kernel.ts';
import { type KernelStatus, kernelStatuses } from './kernels/index.ts';
import { reasonOf } from './platform.ts';
import { type BackendChoice, probeBackends, useBackend } from './use-backend.ts';
import { workspaceFolders } from './workspace-folders.ts';

/** What this machine can run. */
export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly backends: readonly BackendStatus[];
  /**
   * Which kernels of all installed packages serve on each backend that runs, compared with their references on this machine. `cpu` has none, and on a
   * GPU that software plays they are not compared.
   */
  readonly kernels: readonly PackageKernel[];
  /** The packages with kernels that could not be imported, and why. */
  readonly failures: readonly { readonly package: string; readonly reason: string }[];
  /** What `useBackend('auto')` takes here; null where nothing runs. */
  readonly auto: BackendChoice | null;
}

/** A kernel on a backend, and the package that defines it. */
interface PackageKernel extends KernelStatus {
  readonly package: string;
}

/**
 * Tries every backend, and on each the kernels of all packages.
 *
 * @param project the folder whose packages are meant.
 */
export async function diagnose(project: string): Promise<Diagnosis> {
  const { owners, failures } = await definePackages(project);
  const backends = await probeBackends();
  const kernels: PackageKernel[] = [];
  for (const status of backends) {
    const { available, name } = status;
    // A GPU that software plays takes a minute for what the other backends do in a second.
    if (!available || name === 'cpu' || status.softwareGpu) continue;
    await useBackend(name);
    for (const status of await kernelStatuses()) {
      kernels.push({ package: owners.get(status.kernel) ?? '', ...status });
    }
  }
  // Otherwise auto would keep the last one.
  await selectNone();
  const some = backends.some(({ available }) => available);
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    backends,
    kernels,
    failures,
    auto: some ? await useBackend('auto') : null,
  };
}

/** Imports the packages that declare kernels, so that they define them. @returns by kernel which package did. */
async function definePackages(
  project: string,
): Promise<Pick<Diagnosis, 'failures'> & { owners: ReadonlyMap<string, string> }> {
  const owners = new Map(definedKernels().map((kernel) => [kernel, '@neverend/backend']));
  const failures: { package: string; reason: string }[] = [];
  for (const installed of installedPackages(workspaceFolders(project))) {
    const { name = installed.folder, neverend } = installed.manifest;
    if (neverend?.kernels === undefined || name === '@neverend/backend') continue;
    await importPackage(installed).catch((error: unknown) => {
      failures.push({ package: name, reason: reasonOf(error) });
    });
    for (const kernel of definedKernels()) if (!owners.has(kernel)) owners.set(kernel, name);
  }
  return { owners, failures };
}

/** The diagnosis as a table for people, one backend a line, with what mends an absent one below it. */
export function diagnosisTable({
  node,
  platform,
  backends,
  kernels,
  failures,
  auto,
}: Diagnosis): string {
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
  const unknown = failures.map(
    ({ package: name, reason }) =>
      `kernels of ${name} are not known, since it does not load: ${reason}`,
  );
  const sections = [
    [`Node ${node}, ${platform}`],
    lines,
    [...kernelLines(kernels), ...unknown],
    [choice],
  ];
  return `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')}\n`;
}

/** How many kernels serve on each backend, and the reason of each that does not. */
function kernelLines(kernels: readonly PackageKernel[]): string[] {
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
      `  ${counts(own.map((kernel) => kernel.package))}`,
      ...[...reasons].map(([reason, names]) => `  not ${names.join(', ')}: ${reason}`),
    ];
  });
}

/** `a 2, b 1`, for a, b and a. */
function counts(names: readonly string[]): string {
  return [...new Set(names)]
    .map((name) => `${name} ${names.filter((other) => other === name).length}`)
    .join(', ');
}
