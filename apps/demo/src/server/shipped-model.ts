import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

/** Puts the model of `@neverend/trecvit-motions` beside the page, in `model/`. */
export function shippedModel(): Plugin {
  const require = createRequire(import.meta.url);
  const folder =
    process.env['DEMO_MODEL'] ??
    join(dirname(require.resolve('@neverend/trecvit-motions/package.json')), 'model');
  return {
    name: 'shipped-model',
    configureServer({ middlewares }) {
      middlewares.use('/model', ({ url = '' }, response, next) => {
        const name = readdirSync(folder).find((file) => `/${file}` === url);
        if (name === undefined) next();
        else response.end(readFileSync(join(folder, name)));
      });
    },
    generateBundle() {
      for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        this.emitFile({
          type: 'asset',
          fileName: `model/${name}`,
          source: readFileSync(join(folder, name)),
        });
      }
    },
  };
}
