import { BackendError } from '../errors.ts';

let chosen: boolean | undefined;

/**
 * Whether every kernel that can run here serves without having been compared: what `useBackend` was told last, else whether the
 * environment variable `NEVEREND_TRUST_KERNELS` is 1.
 *
 * @throws BackendError when the variable is neither 0 nor 1.
 */
export function trustsKernels(): boolean {
  chosen ??= fromEnvironment();
  return chosen;
}

/** Undefined goes back to what the environment says. */
export function setTrust(trust: boolean | undefined): void {
  chosen = trust;
}

function fromEnvironment(): boolean {
  const value =
    (typeof process === 'undefined' ? '' : process.env?.['NEVEREND_TRUST_KERNELS']) || '0';
  if (value === '0' || value === '1') return value === '1';
  throw new BackendError(`NEVEREND_TRUST_KERNELS was ${JSON.stringify(value)}; it must be 0 or 1`);
}
