import { expect, it } from 'vitest';
import { type Preset, presets } from '../src/presets.ts';
import { repeatCommand } from '../src/repeat-command.ts';
import type { RunSettings } from '../src/settings.ts';

const { summary: _, ...smoke } = presets['smoke'] as Preset;
const settings: RunSettings = { ...smoke, preset: 'smoke', seed: 7 };

it('is there for a preset, with what was given beside it', () => {
  expect(repeatCommand(settings, 'wasm')).toBe(
    'nevis run --preset smoke --seed 7 --backend wasm --out again',
  );
  const shuffled = { ...settings, stream: { ...settings.stream, labels: 'shuffled' as const } };
  expect(repeatCommand(shuffled, 'cpu')).toBe(
    'nevis run --preset smoke --seed 7 --backend cpu --shuffle-labels --out again',
  );
});

it('is not there for settings that no command line gives', () => {
  const { stream, learners } = settings;
  const odd: Partial<RunSettings>[] = [
    { preset: 'custom' },
    { preset: 'start' },
    { learners: learners.slice(1) },
    { stream: { ...stream, limit: { ...stream.limit, train: 9 } } },
    { stream: { ...stream, predictSplits: ['test'] } },
  ];
  for (const change of odd)
    expect(repeatCommand({ ...settings, ...change }, 'wasm')).toBeUndefined();
});
