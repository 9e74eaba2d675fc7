/** True in Node; false in browsers and their workers. */
export const isNode: boolean =
  typeof process !== 'undefined' && typeof process.versions?.node === 'string';

/**
 * Imports a package that exists in Node only. The specifier is a value, so that bundlers for the browser
 * do not try to follow it.
 */
export function importInNode(specifier: string): Promise<unknown> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
}

/** The first line of what went wrong. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}

/**
 * True when the error says that this package is not installed, and not that a part of it is missing. Node,
 * Vite, bundlers and browsers each have their own words for it.
 */
export function isNotInstalled(error: unknown, specifier: string): boolean {
  const quoted = /^(?:cannot find|could not resolve|failed to resolve)[^'"]*['"]([^'"]*)['"]/i;
  return quoted.exec(reasonOf(error))?.[1] === specifier;
}

/** Processors that this process may use, or this page. */
export function coreCount(): number {
  if (!isNode) return navigator.hardwareConcurrency;
  return process.getBuiltinModule('node:os').availableParallelism();
}
