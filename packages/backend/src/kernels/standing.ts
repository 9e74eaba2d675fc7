import { type Extent, extents, selfTest, selfTestLater } from './self-test.ts';
import type { BackendKernel, KernelAttrs, KernelDefinition, KernelInputs } from './types.ts';
import { recall, remember } from './verdicts.ts';

/** A definition with its types erased, as the registry of all of them holds it. */
export interface Entry {
  readonly definition: KernelDefinition<KernelInputs, KernelAttrs>;
  /** How its kernel for each backend stands, by the backend's name. */
  readonly standings: Map<string, Standing>;
}

/** What is known in this process of a backend kernel. */
export interface Standing {
  readonly backend: string;
  readonly kernel: BackendKernel<KernelInputs, KernelAttrs>;
  /** What it was compared on and agreed. */
  agreed?: Extent;
  /** Why the composite serves. */
  reason?: string;
  /** Whether that is a difference from the composite. */
  wrong?: boolean;
  /** Whether a comparison behind the program's back is due. */
  waiting?: boolean;
  /** Comparisons that have begun. */
  readonly running: Map<Extent, Promise<void>>;
}

/** The standing of the kernel for a backend, which must be current; undefined where there is none. */
export function standingOf(
  { definition, standings }: Entry,
  backend: string,
): Standing | undefined {
  const known = standings.get(backend);
  if (known !== undefined) return known;
  const kernels: Readonly<Record<string, BackendKernel<KernelInputs, KernelAttrs> | undefined>> =
    definition.backendKernels ?? {};
  const kernel = kernels[backend];
  if (kernel === undefined) return undefined;
  const reason = kernel.unavailable?.();
  const standing: Standing = {
    backend,
    kernel,
    running: new Map(),
    ...(reason === undefined ? {} : { reason }),
  };
  standings.set(backend, standing);
  return standing;
}

/** Whether the backend kernel agreed on that much, or is known not to serve. */
export function isSettled({ agreed, reason }: Standing, extent: Extent): boolean {
  if (reason !== undefined) return true;
  return agreed !== undefined && extents.indexOf(agreed) >= extents.indexOf(extent);
}

/** Finds out on the spot whether a backend kernel agrees, for a backend that can be read at once. */
export function settle(entry: Entry, standing: Standing, extent: Extent): void {
  // A comparison may run the kernel itself, which its composite serves meanwhile.
  if (isSettled(standing, extent) || standing.running.size > 0) return;
  if (recallInto(entry, standing, extent)) return;
  standing.running.set(extent, Promise.resolve());
  try {
    conclude(entry, standing, extent, selfTest(entry.definition, standing.kernel, extent));
  } finally {
    standing.running.delete(extent);
  }
}

/**
 * The same for a backend that may only be readable later.
 *
 * @param turn waits before each case until it may run, and answers false where it never may.
 */
export function settleLater(
  entry: Entry,
  standing: Standing,
  extent: Extent,
  turn: () => boolean | Promise<boolean>,
): Promise<void> {
  if (isSettled(standing, extent) || recallInto(entry, standing, extent)) return Promise.resolve();
  let running = standing.running.get(extent);
  if (running === undefined) {
    running = selfTestLater(entry.definition, standing.kernel, extent, turn).then((difference) => {
      standing.running.delete(extent);
      if (difference !== false) conclude(entry, standing, extent, difference);
    });
    standing.running.set(extent, running);
  }
  return running;
}

/** Takes over what an earlier process found out; that all cases agree is found out anew. */
function recallInto({ definition }: Entry, standing: Standing, extent: Extent): boolean {
  const verdict = extent === 'all' ? undefined : recall(standing.backend, definition);
  if (verdict?.reason !== undefined) reject(definition.name, standing, verdict.reason);
  else if (verdict?.agreed !== undefined) standing.agreed = verdict.agreed;
  return isSettled(standing, extent);
}

function conclude(
  { definition }: Entry,
  standing: Standing,
  extent: Extent,
  difference: string | undefined,
): void {
  // Another comparison may have come to an end first.
  if (isSettled(standing, extent)) return;
  if (difference === undefined) standing.agreed = extent;
  else reject(definition.name, standing, difference);
  const { agreed, reason } = standing;
  remember(standing.backend, definition, reason === undefined ? { agreed } : { reason });
}

function reject(name: string, standing: Standing, reason: string): void {
  standing.reason = reason;
  standing.wrong = true;
  // biome-ignore lint/suspicious/noConsole: a person must hear that a kernel is wrong on their machine.
  console.warn(
    `neverend: the ${standing.backend} kernel ${name} is not used on this machine, since it disagrees with its reference: ${reason}`,
  );
}
