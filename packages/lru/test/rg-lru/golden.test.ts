import { readFileSync } from 'node:fs';
import { describeBackends, officialTolerances, readGolden } from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import { complexRgLru, rgLru } from '../../src/index.ts';
import { caseNames, expectLikeOfficial, expectStreamedLikeOfficial } from '../official.ts';
import { readOfficial } from '../official-npz.ts';

const golden = readGolden(new URL('../golden/rg-lru.json', import.meta.url));
const official = await readOfficial('official-rg-lru-cases');
/** With an initial state the official code on JAX' complex64 casts to float32 and loses the imaginary parts of a and x. */
const defect = 'complex_native_h0_BUG';
const names = caseNames(official).filter((name) => !name.startsWith('conv') && name !== defect);
const cases = [
  ...caseNames(golden).map((name) => [name, golden] as const),
  ...names.map((name) => [name, official] as const),
];

await describeBackends('the RG-LRU of the official code', (backend) => {
  it.each(cases)('%s: outputs, as a whole and step by step, and gradients', async (name, file) => {
    // There 1 - a² loses all its digits in float32, and exp differs in the last one.
    const tolerance = name.endsWith('clip') ? 5e-4 : officialTolerances[backend];
    const unit = name.startsWith('complex') ? complexRgLru : rgLru;
    await expectLikeOfficial(file, name, unit, tolerance);
    await expectStreamedLikeOfficial(file, name, unit, tolerance);
  });

  it('sum(y²): outputs and gradients', async () => {
    const { arrays } = await readOfficial('official-rg-lru-grad');
    const y = arrays['y'] ?? { dtype: '', shape: [], data: [] };
    const dy = { ...y, data: y.data.map((value) => 2 * value) };
    const [rows = 1, steps = 1] = y.shape;
    const data = Array.from({ length: rows * steps }, (_, at) => at % steps);
    const segmentPos = { dtype: 'int32', shape: [rows, steps], data };
    const named = Object.entries({ ...arrays, dy, segmentPos }).map(([name, array]) => [
      `square/${name}`,
      array,
    ]);
    const file = { meta: {}, arrays: Object.fromEntries(named) };
    const outputs = Object.keys(arrays).filter((name) => /^(y|dx|g\/.*)$/.test(name));
    expect(outputs).toHaveLength(7);
    await expectLikeOfficial(file, 'square', rgLru, officialTolerances[backend], outputs);
    await expectStreamedLikeOfficial(file, 'square', rgLru, officialTolerances[backend], ['y']);
  });
});

describe('the golden files', () => {
  it('have first frames, restarts with a state, single steps and eigenvalues next to 1', () => {
    expect(caseNames(golden).sort()).toEqual([
      ...['complex', 'complex-state', 'complex-step'],
      ...['real', 'real-clip', 'real-state', 'real-step'],
    ]);
    expect(names.sort()).toEqual(['clip', 'complex', 'complex_noh0', 'segment']);
  });

  it('have the defect of the official code on the inputs on which another way of it is right', () => {
    const of = (name: string, output: string) => official.arrays[`${name}/${output}`]?.data;
    for (const input of ['x', 'state', 'segmentPos', 'p/a_param', 'p/a_gate/w']) {
      expect(of(defect, input)).toEqual(of('complex', input));
    }
    expect(of(defect, 'y')).not.toEqual(of('complex', 'y'));
  });

  it('name the commit of the official code', () => {
    expect(golden.meta['official']).toMatch(/^google-deepmind\/recurrentgemma@[0-9a-f]{40}$/);
    expect(official.meta['source']).toMatch(/^google-deepmind\/recurrentgemma@[0-9a-f]{40} /);
    const beside = new URL('../golden/official-rg-lru-grad.json', import.meta.url);
    const { source } = JSON.parse(readFileSync(beside, 'utf8')) as { source: string };
    expect(source).toMatch(/^google-deepmind\/recurrentgemma@[0-9a-f]{40}$/);
  });
});
