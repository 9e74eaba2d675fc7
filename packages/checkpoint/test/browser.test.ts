import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromiumPath, runsInBrowser } from '@neverend/backend/testing';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeSafetensors, type NamedArray, openNpz } from '../src/index.ts';
import { concat, npy, npyHeader, vector, zip } from './fixtures/npz-builder.ts';

interface PageGlobals {
  checkpoint: typeof import('../src/index.ts');
}

describe.runIf(runsInBrowser())('in a browser', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
      bundle: true,
      format: 'iife',
      globalName: 'checkpoint',
      platform: 'browser',
      write: false,
      logLevel: 'error',
    });
    browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
    page = await browser.newPage();
    await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });
  });
  afterAll(() => browser?.close());

  /** Reads a file there, as a Blob: its arrays, or the message of its CheckpointError. */
  function readThere(file: Uint8Array) {
    return page.evaluate(async (base64) => {
      const { checkpoint } = globalThis as unknown as PageGlobals;
      const file = await (await fetch(`data:;base64,${base64}`)).blob();
      const arrays: [string, string, readonly number[], string[]][] = [];
      try {
        for await (const [name, { dtype, shape, data }] of await checkpoint.openNpz(file)) {
          arrays.push([name, dtype, shape, Array.from(data, String)]);
        }
      } catch (error) {
        if (checkpoint.CheckpointError.isInstance(error)) return error.message;
        throw error;
      }
      return arrays;
    }, Buffer.from(file).toString('base64'));
  }

  it.each(['every-dtype', 'big-endian', 'orders', 'pipe', 'zip64'])(
    'openNpz reads what Node reads: %s',
    async (name) => {
      const file = new Uint8Array(readFileSync(new URL(`golden/${name}.npz`, import.meta.url)));
      const expected: unknown[] = [];
      for await (const [name, { dtype, shape, data }] of await openNpz(file)) {
        expected.push([name, dtype, shape, Array.from(data, String)]);
      }
      expect(await readThere(file)).toEqual(expected);
    },
  );

  it('openNpz refuses deflated data that is wrong in one clear sentence', async () => {
    const small = npy(npyHeader('<f4', '(3,)'), new Uint8Array(12));
    const whole = 'array "a": member "a.npy" is damaged: it is no whole deflate stream';
    const bytes = new Uint8Array(80).fill(255);
    const invalid = { ...vector('a', new Float32Array(3)), content: bytes, both: { method: 8 } };
    expect(await readThere(zip([invalid]))).toBe(whole);
    const cut = { name: 'a.npy', content: small, deflate: true, both: { compressedSize: 40 } };
    expect(await readThere(zip([cut]))).toBe(whole);
    const bomb = concat(small, new Uint8Array(100_000_000));
    const both = { size: small.length };
    expect(await readThere(zip([{ name: 'a.npy', content: bomb, deflate: true, both }]))).toBe(
      `array "a": member "a.npy" has more than the ${small.length} bytes that are declared`,
    );
  });

  it('openSafetensors reads a Blob in slices, and streamSafetensors writes it', async () => {
    const data = Float32Array.from({ length: 40 }, (_, at) => at / 3);
    const array: NamedArray = { dtype: 'float32', shape: [10, 4], data };
    const bytes = encodeSafetensors({ array });
    const there = await page.evaluate(async (base64) => {
      const { checkpoint } = globalThis as unknown as PageGlobals;
      const { openSafetensors, streamSafetensors } = checkpoint;
      const file = await openSafetensors(await (await fetch(`data:;base64,${base64}`)).blob());
      const shapes: (readonly number[])[] = [];
      const values: string[] = [];
      for await (const { shape, data } of file.slices('array', { sliceBytes: 64 })) {
        shapes.push(shape);
        values.push(...Array.from(data, String));
      }
      const slices = file.slices('array', { sliceBytes: 64 });
      const floats = (async function* () {
        for await (const { data } of slices) yield data as Float32Array;
      })();
      const written: number[] = [];
      const stream = streamSafetensors({
        array: { dtype: 'float32', shape: [10, 4], slices: floats },
      });
      for await (const piece of stream) written.push(...piece);
      return { shapes, values, written };
    }, Buffer.from(bytes).toString('base64'));
    expect(there).toEqual({
      shapes: [
        [4, 4],
        [4, 4],
        [2, 4],
      ],
      values: Array.from(data, String),
      written: [...bytes],
    });
  });
});
