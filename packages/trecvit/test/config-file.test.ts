import { CheckpointError } from '@neverend/checkpoint';
import { describe, expect, it } from 'vitest';
import { type ModelCard, officialInput, readCard, writeCard } from '../src/index.ts';
import { tiny } from './tiny.ts';

const card: ModelCard = { config: tiny, input: officialInput, classNames: [...'abcde'] };

describe('a config.json', () => {
  it('is read as it was written', () => {
    expect(readCard(writeCard(card))).toEqual(card);
    const turned = Object.fromEntries(Object.entries(tiny).reverse()) as unknown as typeof tiny;
    expect(writeCard({ ...card, config: turned })).toBe(writeCard(card));
    const { classNames: _, ...without } = card;
    expect(readCard(writeCard(without))).toEqual(without);
  });

  it('has the constants of the official models where it leaves them out', () => {
    const { decayPower, maxRadius, normEps, gelu, gateBlocks, ...config } = tiny;
    const text = JSON.stringify({ ...JSON.parse(writeCard(card)), config });
    expect(readCard(text)).toEqual(card);
    expect([decayPower, maxRadius, normEps, gelu, gateBlocks]).toEqual([8, 0.999, 1e-6, 'tanh', 2]);
  });

  it.each([
    ['{', 'config.json is not JSON'],
    ['null', 'config.json says that its format is undefined'],
    ['{"format":"vit"}', 'config.json says that its format is "vit"; that of a TRecViT is'],
    [
      writeCard(card).replace('"width": 8', '"width": 9'),
      'config.json is not right: heads was 2; it must divide width, which is 9',
    ],
    [
      writeCard(card).replace('"a",', ''),
      'config.json is not right: classNames had 4 names; it must have 5',
    ],
    [
      writeCard(card).replace('"centre"', '"left"'),
      'config.json is not right: input.crop was "left"',
    ],
    [
      writeCard(card).replace('"input"', '"inputs"'),
      'config.json is not right: config.json has no option "inputs"',
    ],
    [
      '{"format":"neverend-trecvit-1"}',
      'config.json is not right: config was undefined; it must be an object',
    ],
  ])('that says %j is refused', (text, message) => {
    expect(() => readCard(text)).toThrow(CheckpointError);
    expect(() => readCard(text)).toThrow(message);
  });
});
