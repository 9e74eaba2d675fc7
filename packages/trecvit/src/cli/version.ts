import { createRequire } from 'node:module';

/** The version of this package. */
export function version(): string {
  const manifest = createRequire(import.meta.url)('@neverend/trecvit/package.json');
  return (manifest as { version: string }).version;
}
