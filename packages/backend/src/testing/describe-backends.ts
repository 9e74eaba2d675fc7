import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { starts } from '../backends/start.ts';
import { type BackendName, backendNames } from '../backends/types.ts';
import { useBackend } from '../use-backend.ts';
import { useSoftwareGpu } from './software-gpu.ts';

const fileNames: Readonly<Record<string, true>> = Object.fromEntries(
  backendNames.map((name) => [name, true]),
);

/** The backend names in a comma-separated list. @throws Error naming one that does not exist. */
export function parseBackends(variable: string, text: string | undefined): BackendName[] | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  return text.split(',').map((part) => {
    const name = part.trim();
    if (fileNames[name] !== true) {
      throw new Error(`${variable} names ${JSON.stringify(name)}; it must list some of ${backendNames.join(', ')}`);
    }
    return name as BackendName;
  });
}

/**
 * Runs a suite once per backend that this machine has, with that backend current. An absent backend is
 * named on a line of its own on stderr; it fails the suite when `NEVEREND_REQUIRE` (a comma-separated
 * list) asks for it. `NEVEREND_BACKENDS` limits the suite to some.
 */
export function describeBackends(title: string, suite: (backend: BackendName) => void): void {
  const required = parseBackends('NEVEREND_REQUIRE', process.env['NEVEREND_REQUIRE']) ?? [];
  const wanted = parseBackends('NEVEREND_BACKENDS', process.env['NEVEREND_BACKENDS']) ?? backendNames;
  useSoftwareGpu();
  describe.each(wanted.map((backend) => ({ backend })))(`${title} on $backend`, ({ backend }) => {
    let absence: string | undefined;
    beforeAll(async () => {
      const status = await starts[backend]({});
      if (status.available) await useBackend(backend);
      else {
        absence = status.reason;
        process.stderr.write(`backend ${backend} is absent: ${status.reason}\n`);
      }
    });
    afterAll(() => {
      absence = undefined;
    });
    if (required.includes(backend)) {
      it('runs here, as NEVEREND_REQUIRE demands', () => expect(absence).toBeUndefined());
    }
    describe('', () => {
      suiteWhenPresent(() => absence, () => suite(backend));
    });
  });
}

/** Marks every test of the suite as skipped, by name, where the backend is absent. */
function suiteWhenPresent(absence: () => string | undefined, suite: () => void): void {
  suite();
}
