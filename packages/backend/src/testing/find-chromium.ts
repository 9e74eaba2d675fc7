import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome.exe',
];

/**
 * Path of a Chromium for tests in a browser: `CHROMIUM_PATH` where it is set, else the first one on the search
 * path. Node only.
 *
 * @returns undefined where there is none, also where `CHROMIUM_PATH` names no file.
 */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH, PATH = '' } = process.env;
  const candidates = CHROMIUM_PATH
    ? [CHROMIUM_PATH]
    : PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return candidates.find((path) => existsSync(path));
}

let named = false;

/**
 * Whether suites in a browser run here: where there is a Chromium, and where `NEVEREND_REQUIRE` names webgpu and with it asks for
 * one. Its absence is a line on stderr, unless `NEVEREND_ABSENT` says that what is absent was named before.
 */
export function runsInBrowser(): boolean {
  const required = process.env['NEVEREND_REQUIRE']?.includes('webgpu') === true;
  if (required || findChromium() !== undefined) return true;
  if (!named && process.env['NEVEREND_ABSENT'] === undefined) {
    process.stderr.write('the browser is absent: install Chromium or set CHROMIUM_PATH\n');
  }
  named = true;
  return false;
}

/** `findChromium` where there must be one. @throws Error where there is none. */
export function chromiumPath(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  throw new Error('NEVEREND_REQUIRE asks for webgpu and with it a Chromium, and there is none');
}
