import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, expect, it } from 'vitest';

const guide = readFileSync(
  join(import.meta.dirname, '../../../../docs/browsers-and-bundlers.md'),
  'utf8',
);
const programs = join(import.meta.dirname, '../browser/site/esbuild-node');
const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
// Outside of the workspace, so that a bundle finds no package and no .wasm file but those that are copied.
const folder = mkdtempSync(join(tmpdir(), 'neverend-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The options of esbuild's command line that the guide shows for a program. */
function optionsFor(program: string): BuildOptions {
  const command = guide.split('\n').find((line) => line.startsWith(`esbuild ${program} `)) ?? '';
  const flags = [...command.matchAll(/ --([a-z]+)(?::([a-z]+))?(?:=(?:"([^"]*)"|(\S+)))?/g)];
  return Object.fromEntries(
    flags.map(([, name, key, quoted, plain]) => {
      const value = quoted ?? plain ?? true;
      return [name, key === undefined ? value : { [key]: value }];
    }),
  );
}

it.each(['main.cjs', 'main.mjs'])(
  'the bundle of %s that the guide builds runs in Node, with the files beside it',
  async (program) => {
    const options = optionsFor(program);
    expect(options).toMatchObject({ bundle: true, minify: true, outfile: `out/${program}` });
    const outfile = join(folder, program, program);
    await build({
      ...options,
      ...{ entryPoints: [join(programs, program)], outfile },
      // Packages from their sources, as in all tests.
      ...{ conditions: ['@neverend/source'], logLevel: 'error' },
    });
    const run = () => promisify(execFile)(process.execPath, [outfile], { cwd: folder });
    await expect(run()).rejects.toThrow(/wasm/);
    for (const file of readdirSync(wasm).filter((name) => name.endsWith('.wasm'))) {
      cpSync(join(wasm, file), join(folder, program, 'wasm', file));
    }
    expect((await run()).stdout).toMatch(/1 thread/);
  },
);
