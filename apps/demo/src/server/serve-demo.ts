import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where a page is served. */
export interface ServedDemo {
  /** Of this machine first. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

/** Builds the page into a folder of static files. @param page the folder that holds its `index.html`. */
export async function buildDemo(outDir: string = 'dist', page: string = root): Promise<void> {
  await build({
    configFile: join(root, 'vite.config.ts'),
    root: page,
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
  });
}

/**
 * Serves what `buildDemo` made, with the headers that threads need.
 *
 * @param options `port`: 0 takes any that is free; without one, 8080 or the next that is. `host`: Default: this machine alone.
 * @throws Error where the port is taken.
 */
export async function serveDemo(
  options: { readonly port?: number; readonly host?: string; readonly outDir?: string } = {},
): Promise<ServedDemo> {
  const { port, host = 'localhost', outDir = 'dist' } = options;
  const server = await preview({
    root,
    logLevel: 'warn',
    build: { outDir },
    preview: { port: port ?? 8080, strictPort: port !== undefined, host },
  });
  const { local = [], network = [] } = server.resolvedUrls ?? {};
  return { addresses: [...local, ...network], close: () => server.close() };
}
