import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { runsInBrowser } from '@neverend/backend/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDemo, serveDemo } from '../src/server/serve-demo.ts';
import { clipsRun, movedOver, rewrite, street } from './clips.ts';
import { type Demo, type OpenPage, openDemo } from './open-demo.ts';
import { tinyModel } from './tiny-model.ts';

/** What the tests leave in a page. */
interface PageGlobals {
  /** Those that the page has opened. */
  cameras: MediaStream[];
  /** The name of what goes wrong at the next opening. */
  fault?: string;
}

const status = (page: Page) => page.locator('#status');
const notice = (page: Page) => page.locator('#notice');
const button = (page: Page, name: string) => page.getByRole('button', { name });
const figure = async (page: Page, name: string): Promise<number> =>
  Number(await page.locator('#figures').getAttribute(`data-${name}`));

/** Waits until the model has seen so many frames. */
async function seen(page: Page, frames: number): Promise<void> {
  await page.waitForFunction(
    (count) => Number(document.getElementById('figures')?.dataset['seen'] ?? 0) >= count,
    frames,
  );
}

async function ready(page: Page): Promise<void> {
  await status(page).filter({ hasText: 'The model is ready.' }).waitFor();
}

const openSettings = (page: Page): Promise<void> =>
  page.locator('details').evaluate((details: HTMLDetailsElement) => {
    details.open = true;
  });

/** What the page names while something happens. */
async function namesWhile(page: Page, work: () => Promise<void>): Promise<readonly string[]> {
  const names = await page.evaluateHandle(() => {
    const heard: string[] = [];
    const place = document.getElementById('current-name') as HTMLElement;
    const listen = () => heard.push(place.textContent);
    new MutationObserver(listen).observe(place, { childList: true });
    return heard;
  });
  await work();
  return names.jsonValue();
}

/** Keeps the cameras that the page opens, or lets it open none. */
function watchCameras(): void {
  const globals = Object.assign(globalThis as unknown as PageGlobals, { cameras: [] });
  const { mediaDevices } = navigator;
  const original = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    if (globals.fault !== undefined) throw new DOMException('a fault of the test', globals.fault);
    const media = await original(constraints);
    globals.cameras.push(media);
    return media;
  };
}

const trackStates = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    (globalThis as unknown as PageGlobals).cameras.flatMap((media) =>
      media.getTracks().map(({ readyState }) => readyState),
    ),
  );

describe.runIf(runsInBrowser() && clipsRun())('the page', () => {
  let demo: Demo;
  let browser: Browser;
  /** Most tests are in one page, one after the other, as a person would use it. */
  let shared: OpenPage;

  beforeAll(async () => {
    await useBackend('cpu');
    demo = await openDemo(await tinyModel());
    const camera = join(demo.folder, 'camera.mjpeg');
    await rewrite(street, camera, {
      encoder: 'mjpeg',
      frames: 40,
      filter: 'scale=320:240,format=yuvj420p',
    });
    await rewrite(street, join(demo.folder, 'street.webm'), {
      encoder: 'libvpx',
      frames: 20,
      filter: 'scale=320:240,format=yuv420p',
    });
    browser = await demo.launch(
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-video-capture=${camera}`,
    );
    shared = await demo.open(browser, { before: watchCameras });
    await ready(shared.page);
  }, 600_000);

  afterAll(() => demo?.close());

  /** Does something in the shared page, holds that nothing was complained of, and stops what runs. */
  async function inPage(work: (opened: OpenPage) => Promise<void>): Promise<void> {
    const { page, complaints } = shared;
    try {
      await work(shared);
      expect(complaints).toEqual([]);
      if (await button(page, 'Stop').isVisible()) await button(page, 'Stop').click();
    } catch (error) {
      complaints.length = 0;
      await page.reload();
      await ready(page);
      throw error;
    }
  }

  /** Does something in a page of its own. */
  async function inOwnPage(
    options: Parameters<Demo['open']>[1],
    work: (page: Page) => Promise<void>,
    chromium: Browser = browser,
  ): Promise<void> {
    const { page, context, complaints } = await demo.open(chromium, options);
    try {
      await work(page);
      expect(complaints).toEqual([]);
    } finally {
      await context.close();
    }
  }

  /** A file is classified after a camera could not be. */
  async function fileWorks(page: Page): Promise<void> {
    await page.locator('#file').setInputFiles(join(demo.folder, 'street.webm'));
    await seen(page, 3);
    expect(await notice(page).textContent()).not.toContain('camera');
  }

  it('is served with the headers that threads need', async () => {
    const { headers } = await fetch(demo.address);
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  });

  it('is used by keyboard alone, and shows where the focus is', () =>
    inPage(async ({ page }) => {
      const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Use camera');
      const outline = await page.evaluate(
        () => getComputedStyle(document.activeElement as Element).outlineStyle,
      );
      expect(outline).toBe('solid');
      await page.keyboard.press('Enter');
      await seen(page, 2);
      expect(await focused()).toBe('Stop');
      await page.keyboard.press('Space');
      await ready(page);
      expect(await focused()).toBe('Use camera');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Open a video');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Model and backend');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('address');
    }));

  it('classifies the camera with threads, in one place of memory, and leaves nothing when it is stopped and started', () =>
    inPage(async ({ page }) => {
      await page.evaluate(() => {
        (globalThis as unknown as PageGlobals).cameras.length = 0;
      });
      const screen = page.locator('#screen');
      const left: (string | null)[] = [];
      for (let round = 0; round < 2; round++) {
        const stops = Number(await screen.getAttribute('data-stops'));
        await button(page, 'Use camera').click();
        await status(page).filter({ hasText: 'Watching the camera.' }).waitFor();
        await page.locator('#guesses li:not(.vacant)').first().waitFor();
        const [bytes, tensors, frames] = [
          await figure(page, 'state-bytes'),
          await figure(page, 'tensors'),
          await figure(page, 'seen'),
        ];
        await seen(page, frames + 10);
        expect(bytes).toBeGreaterThan(0);
        expect(await figure(page, 'state-bytes')).toBe(bytes);
        expect(await figure(page, 'tensors')).toBe(tensors);
        expect(await page.locator('#guesses li:not(.vacant)').count()).toBe(5);
        expect(await page.locator('#plot polyline').count()).toBe(5);
        expect(await page.locator('#figures').textContent()).toMatch(
          /Packed weights[1-9]\d* kB.*wasm.*threads/,
        );
        await button(page, 'Stop').click();
        await page.waitForFunction(
          (count) => Number(document.getElementById('screen')?.dataset['stops']) > count,
          stops,
        );
        left.push(await screen.getAttribute('data-tensors-left'));
        await ready(page);
      }
      expect(left[1]).toBe(left[0]);
      expect(await trackStates(page)).toEqual(['ended', 'ended']);
    }));

  it('plays a file to its end at its own speed, and again', () =>
    inPage(async ({ page }) => {
      const file = join(demo.folder, 'street.webm');
      for (let round = 0; round < 2; round++) {
        const start = Date.now();
        await page.locator('#file').setInputFiles(file);
        await status(page).filter({ hasText: 'Watching the video.' }).waitFor();
        await status(page).filter({ hasText: 'The video has ended.' }).waitFor();
        // 20 frames at 10 a second.
        expect(Date.now() - start).toBeGreaterThan(1800);
        // A busy machine takes few of them.
        expect(await figure(page, 'seen')).toBeGreaterThan(0);
        const taken = (await figure(page, 'seen')) + (await figure(page, 'dropped'));
        expect(taken).toBeLessThanOrEqual(20);
      }
      expect(await page.locator('#film').isVisible()).toBe(true);
    }));

  it('takes a file that is dropped on it', () =>
    inPage(async ({ page }) => {
      await page.evaluate(() => {
        const data = new DataTransfer();
        data.items.add(new File(['no video'], 'notes.txt', { type: 'text/plain' }));
        document.body.dispatchEvent(
          new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }),
        );
      });
      await notice(page).filter({ hasText: 'notes.txt' }).waitFor();
    }));

  it('says that a camera is busy, missing or something else, and a file works', () =>
    inPage(async ({ page }) => {
      const go = (fault: string | undefined) =>
        page.evaluate((name) => Object.assign(globalThis, { fault: name }) && undefined, fault);
      for (const [name, sentence] of Object.entries({
        NotReadableError: 'The camera is in use by another program',
        NotFoundError: 'There is no camera here',
        InvalidStateError: 'A fault of the test.',
      })) {
        await go(name);
        await button(page, 'Use camera').click();
        await notice(page).filter({ hasText: sentence }).waitFor();
      }
      await go(undefined);
      await fileWorks(page);
    }));

  it('says that the camera was unplugged, and takes it again', () =>
    inPage(async ({ page }) => {
      await button(page, 'Use camera').click();
      await status(page).filter({ hasText: 'Watching the camera.' }).waitFor();
      await page.evaluate(() => {
        for (const media of (globalThis as unknown as PageGlobals).cameras) {
          for (const track of media.getVideoTracks()) track.dispatchEvent(new Event('ended'));
        }
      });
      await notice(page).filter({ hasText: 'unplugged' }).waitFor();
      expect(new Set(await trackStates(page))).toEqual(new Set(['ended']));
      await button(page, 'Use camera').click();
      await status(page).filter({ hasText: 'Watching the camera.' }).waitFor();
    }));

  it('pauses while its tab is hidden, and says so', () =>
    inPage(async ({ page }) => {
      const hide = (hidden: boolean) =>
        page.evaluate((value) => {
          Object.defineProperty(document, 'hidden', { value, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }, hidden);
      await button(page, 'Use camera').click();
      await page.locator('#guesses li:not(.vacant)').first().waitFor();
      await hide(true);
      expect(await page.title()).toContain('Paused');
      await page.waitForTimeout(500);
      const before = await figure(page, 'seen');
      await page.waitForTimeout(500);
      expect(await figure(page, 'seen')).toBe(before);
      await hide(false);
      await notice(page).filter({ hasText: 'This tab was hidden' }).waitFor();
      await seen(page, before + 3);
    }));

  it('fits windows of phones, tablets and desktops', () =>
    inPage(async ({ page }) => {
      await openSettings(page);
      await page.getByLabel('A checkpoint on this machine').check();
      await button(page, 'Use camera').click();
      await page.locator('#guesses li:not(.vacant)').first().waitFor();
      for (const width of [360, 768, 1280]) {
        await page.setViewportSize({ width, height: 740 });
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(over, `${width} pixels`).toBe(0);
      }
    }));

  it('loads a checkpoint from an address, and says what is wrong with one', () =>
    inPage(async ({ page, complaints }) => {
      await openSettings(page);
      await page.getByLabel('A checkpoint at an address').check();
      const address = page.getByLabel('Address of its folder or file');
      await address.fill(`${demo.address}nowhere/`);
      await button(page, 'Load').click();
      await notice(page).filter({ hasText: '/nowhere/' }).waitFor();
      expect(await button(page, 'Use camera').isDisabled()).toBe(true);
      await address.fill(`${demo.address}model/`);
      await button(page, 'Load').click();
      await ready(page);
      expect(await notice(page).textContent()).toBe('');
      // The browser itself reports an answer of 404.
      for (const complaint of complaints.splice(0)) expect(complaint).toContain('404');
    }));

  it('loads a checkpoint of this machine, or says what is missing of it', () =>
    inPage(async ({ page }) => {
      const [config = '', weights = ''] = ['config.json', 'model.safetensors'].map((name) =>
        join(demo.folder, 'model', name),
      );
      await openSettings(page);
      await page.getByLabel('A checkpoint on this machine').check();
      await button(page, 'Load').click();
      await notice(page).filter({ hasText: 'Choose the folder' }).waitFor();
      await page.locator('#files').setInputFiles(config);
      await button(page, 'Load').click();
      await notice(page).filter({ hasText: '.safetensors' }).waitFor();
      await page.locator('#files').setInputFiles([config, weights]);
      await page.getByLabel('Backend').selectOption('cpu');
      await button(page, 'Load').click();
      await ready(page);
      expect(await page.locator('#figures').textContent()).toContain('cpu');
    }));

  it('says that the machine is slower than the model wants', () =>
    inOwnPage({}, async (page) => {
      await page.context().route('**/hasty/*', async (route) => {
        const name = basename(new URL(route.request().url()).pathname);
        const path = join(demo.folder, 'model', name);
        if (name !== 'config.json') return route.fulfill({ path });
        const card = JSON.parse(readFileSync(path, 'utf8'));
        return route.fulfill({
          json: { ...card, input: { ...card.input, framesPerSecond: 2000 } },
        });
      });
      await openSettings(page);
      await page.getByLabel('A checkpoint at an address').check();
      await page.getByLabel('Address of its folder or file').fill(`${demo.address}hasty/`);
      await button(page, 'Load').click();
      await ready(page);
      await button(page, 'Use camera').click();
      const sentence =
        /^This machine takes [\d.]+ of the 2000 frames a second that the model wants/;
      await notice(page).filter({ hasText: sentence }).waitFor();
      expect(await figure(page, 'dropped')).toBeGreaterThan(0);
    }));

  it('does without MediaStreamTrackProcessor and WebCodecs, in the page and in its worker', () => {
    const removal = () => {
      for (const name of ['MediaStreamTrackProcessor', 'VideoDecoder', 'VideoFrame']) {
        Reflect.deleteProperty(globalThis, name);
      }
    };
    return inOwnPage({ before: removal, beforeWorkers: removal }, async (page) => {
      await ready(page);
      const kinds = () => [typeof VideoFrame, typeof VideoDecoder];
      expect(await page.evaluate(kinds)).toEqual(['undefined', 'undefined']);
      // Those of wasm's threads wait, and answer nothing.
      const worker = page.workers().find((one) => one.url().includes('/assets/worker'));
      expect(await worker?.evaluate(kinds)).toEqual(['undefined', 'undefined']);
      await button(page, 'Use camera').click();
      await seen(page, 5);
      expect(await notice(page).textContent()).not.toContain('camera');
      await button(page, 'Stop').click();
      await page.locator('#file').setInputFiles(join(demo.folder, 'street.webm'));
      await status(page).filter({ hasText: 'The video has ended.' }).waitFor();
      expect(await figure(page, 'seen')).toBeGreaterThan(0);
    });
  });

  it.runIf(process.env['NEVEREND_LONG'])('runs on webgpu', async () => {
    const chromium = await demo.launch(
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--enable-unsafe-swiftshader',
      '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
    );
    await inOwnPage(
      {},
      async (page) => {
        await ready(page);
        await openSettings(page);
        await page.getByLabel('Backend').selectOption('webgpu');
        await button(page, 'Load').click();
        await ready(page);
        expect(await page.locator('#figures').textContent()).toContain('webgpu');
        await fileWorks(page);
        expect(await page.locator('#guesses li:not(.vacant)').count()).toBe(5);
      },
      chromium,
    );
    await chromium.close();
  });

  it('names the motion in a real clip by the shipped model', () =>
    inOwnPage({ shipped: true }, async (page) => {
      await ready(page);
      for (const [motion, opposite] of [
        ['left', 'right'],
        ['right', 'left'],
      ] as const) {
        const file = join(demo.folder, `${motion}.webm`);
        await movedOver(street, file, motion);
        let names: readonly string[] = [];
        // A machine that is busy with other tests may leave out too much of it, and looks again.
        for (let round = 0; round < 8; round++) {
          names = await namesWhile(page, async () => {
            await page.locator('#file').setInputFiles(file);
            await status(page).filter({ hasText: 'Watching the video.' }).waitFor();
            await status(page).filter({ hasText: 'The video has ended.' }).waitFor();
          });
          if ((await figure(page, 'dropped')) === 0) break;
        }
        expect(names.at(-1)).toBe(motion);
        expect(names).not.toContain(opposite);
      }
    }));

  it('says that the camera was refused, and a file works', async () => {
    const refusing = await demo.launch('--use-fake-device-for-media-stream');
    const refused = { context: { permissions: [] } };
    await inOwnPage(
      refused,
      async (page) => {
        await button(page, 'Use camera').click();
        await notice(page).filter({ hasText: 'The camera was refused' }).waitFor();
        await fileWorks(page);
      },
      refusing,
    );
    await refusing.close();
  });

  it('says that there is no camera, or why there is none over plain http, and a file works', async () => {
    const plain = await demo.launch('--host-resolver-rules=MAP 203.0.113.5 127.0.0.1');
    await inOwnPage(
      { context: { permissions: ['camera'] } },
      async (page) => {
        await button(page, 'Use camera').click();
        await notice(page).filter({ hasText: 'There is no camera here' }).waitFor();
      },
      plain,
    );
    const { port } = new URL(demo.address);
    const { page } = await demo.open(plain, { address: `http://203.0.113.5:${port}/` });
    expect(await page.evaluate(() => isSecureContext)).toBe(false);
    await button(page, 'Use camera').click();
    await notice(page).filter({ hasText: 'plain http' }).waitFor();
    await fileWorks(page);
    await plain.close();
  });

  it('runs on one thread where the server sends no headers, and says why', async () => {
    const context = await browser.newContext();
    await context.route('**/*', async (route) => {
      const response = await route.fetch();
      const headers = Object.entries(response.headers()).filter(([name]) => !/^cross-/.test(name));
      await route.fulfill({ response, headers: Object.fromEntries(headers) });
    });
    const page = await context.newPage();
    await page.goto(demo.address);
    await status(page).filter({ hasText: 'one thread' }).waitFor({ timeout: 60_000 });
    await context.close();
  });

  it('is as short as the README says', async () => {
    const folder = join(import.meta.dirname, '../smallest');
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    for (const file of ['page.ts', 'worker.ts']) {
      const text = readFileSync(join(folder, file), 'utf8');
      expect(readme).toContain(`\`\`\`text\n${text}\`\`\`\n`);
    }
    const outDir = join(demo.folder, 'smallest');
    await buildDemo(outDir, folder);
    const served = await serveDemo({ port: 0, outDir });
    const [address = ''] = served.addresses;
    const shows = (page: Page, text: string | RegExp) =>
      page.getByRole('status').filter({ hasText: text }).waitFor();
    try {
      await inOwnPage({ address }, (page) =>
        shows(page, /^(left|right|up|down|nearer|further|turning|still|not sure)$/),
      );
      const before = () => {
        navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException('no', 'NotAllowedError'));
      };
      await inOwnPage({ address, before }, (page) => shows(page, 'the camera was refused'));
    } finally {
      await served.close();
    }
  });
});
