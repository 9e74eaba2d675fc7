import { BackendError } from '../errors.ts';

/**
 * `auto`: a backend kernel that agreed with its composite on this machine serves, else the composite. `composite`:
 * composites only. `native`: where the backend has a kernel that supports the call, only that may
 * serve; an error says why it does not.
 */
export type KernelMode = 'auto' | 'composite' | 'native';

const modes: readonly KernelMode[] = ['auto', 'composite', 'native'];

let chosen: KernelMode | undefined;
let forced: KernelMode | undefined;

/**
 * The mode that kernels run in: what `setKernelMode` set, else the environment variable `NEVEREND_KERNELS`,
 * else `auto`.
 *
 * @throws BackendError when the variable is none of the modes.
 */
export function kernelMode(): KernelMode {
  if (forced) return forced;
  chosen ??= fromEnvironment();
  return chosen;
}

/** Sets the mode for this process; undefined goes back to that of the environment. */
export function setKernelMode(mode: KernelMode | undefined): void {
  if (mode !== undefined) check('mode', mode);
  chosen = mode;
}

/** Runs `work`, which must be synchronous, in a mode of its own. */
export function inKernelMode<T>(mode: KernelMode, work: () => T): T {
  const before = forced;
  forced = mode;
  try {
    return work();
  } finally {
    forced = before;
  }
}

function fromEnvironment(): KernelMode {
  const value = typeof process === 'undefined' ? '' : process.env?.['NEVEREND_KERNELS'];
  return value ? check('NEVEREND_KERNELS', value) : 'auto';
}

function check(name: string, value: string): KernelMode {
  const mode = modes.find((known) => known === value);
  if (mode) return mode;
  throw new BackendError(
    `${name} was ${JSON.stringify(value)}; it must be one of ${modes.join(', ')}`,
  );
}
