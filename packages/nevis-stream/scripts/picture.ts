// Takes the picture of a report that the README shows: picture.ts <report.html> <picture.png>
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findChromium } from '@neverend/backend/testing';
import { chromium } from 'playwright-core';

const [report, picture] = process.argv.slice(2);
const executablePath = findChromium();
if (report === undefined || picture === undefined || executablePath === undefined) {
  process.stderr.write(
    'usage: picture.ts <report.html> <picture.png>, with Chromium on the PATH\n',
  );
  process.exit(2);
}
if (!existsSync(report)) {
  process.stderr.write(`there is no ${report}; a run of nevis makes it\n`);
  process.exit(1);
}
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-background-networking'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1080, height: 900 } });
  await page.goto(pathToFileURL(resolve(report)).href);
  // From the headline to the end of the charts; the tasks follow below.
  const tasks = await page.locator('#tasks-title').boundingBox();
  await page.screenshot({
    path: picture,
    fullPage: true,
    clip: { x: 0, y: 0, width: 1080, height: Math.floor(tasks?.y ?? 900) },
  });
} finally {
  await browser.close();
}
