import type { AddressInfo } from 'node:net';
import { useBackend } from '@neverend/backend';
import { chromiumPath, runsInBrowser } from '@neverend/backend/testing';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { servePage } from '../src/page/serve.ts';
import { wholeAndStreamed } from '../src/page/whole-and-streamed.ts';

it.runIf(runsInBrowser())(
  'has the numbers of plain JavaScript, at once and frame by frame',
  async () => {
    await useBackend('cpu');
    const expected = await wholeAndStreamed();
    const server = await servePage(0);
    const browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const result = page.locator('#result:not(:text-is("computing"))');
      await result.waitFor({ timeout: 60_000 });
      expect(await result.textContent()).toMatch(/WebAssembly/);
      const whole = JSON.parse((await result.getAttribute('data-whole')) ?? '[]') as number[];
      expect(whole).toHaveLength(16 * 9 * 32);
      const error = Math.max(
        ...whole.map((value, i) => Math.abs(value - (expected.whole[i] ?? Number.NaN))),
      );
      expect(error).toBeLessThan(1e-4);
      expect(Number(await result.getAttribute('data-difference'))).toBeLessThan(1e-5);
    } finally {
      await browser.close();
      server.close();
    }
  },
);
