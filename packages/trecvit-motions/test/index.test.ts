import { readFile, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { configUrl, folderUrl, motionNames, sureFrom, weightsUrl } from '../src/index.ts';

it('has a model of less than 5 MB in its folder', async () => {
  expect(new URL('model.safetensors', folderUrl()).href).toBe(weightsUrl().href);
  expect(new URL('config.json', folderUrl()).href).toBe(configUrl().href);
  const { size } = await stat(weightsUrl());
  expect(size).toBeGreaterThan(1e5);
  expect(size).toBeLessThan(5e6);
});

it('names the classes as the configuration does', async () => {
  const { classNames, input } = JSON.parse(await readFile(configUrl(), 'utf8'));
  expect(classNames).toEqual(motionNames);
  expect(input).toEqual({ framesPerSecond: 8, crop: 'centre', range: [-1, 1] });
});

it('is sure from a probability between chance and certainty', () => {
  expect(sureFrom).toBeGreaterThan(1 / motionNames.length);
  expect(sureFrom).toBeLessThan(1);
});
