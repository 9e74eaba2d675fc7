// Bundles the page and serves it. Run it in examples/: node --import tsx --conditions=@neverend/source src/page/serve.ts
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const wasmFolder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** @param port 0 takes any that is free. @returns the server, which listens. */
export async function servePage(port: number): Promise<Server> {
  const { outputFiles } = await build({
    entryPoints: [join(here, 'page.ts')],
    bundle: true,
    format: 'esm',
    // Of this repository the sources are bundled; from npm it would be what the packages hold for all.
    conditions: ['@neverend/source'],
    write: false,
  });
  const server = createServer(async ({ url = '/' }, response) => {
    const name = url === '/' ? 'index.html' : url.slice(1);
    response.setHeader('content-type', types[extname(name)] ?? 'text/plain');
    // With these two, a page may share memory, and wasm has threads.
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    if (name === 'index.html') response.end(await readFile(join(here, name)));
    else if (name === 'page.js') response.end(outputFiles[0]?.text);
    else if (/^[\w-]+\.wasm$/.test(name)) response.end(await readFile(join(wasmFolder, name)));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await servePage(8080);
  console.log('http://127.0.0.1:8080');
}
