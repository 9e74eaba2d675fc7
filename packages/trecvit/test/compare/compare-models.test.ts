import { kernelMode } from '@neverend/backend';
import { describeBackends, expectNoLeak } from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import type { FullAttentionConfig } from '../../src/compare/full-attention.ts';
import { type Comparison, compareModels } from '../../src/compare/index.ts';
import { fullAttentionPeakBytes, trecvitPeakBytes } from '../../src/compare/peak-memory.ts';
import { comparisonTable } from '../../src/compare/table.ts';
import { trecvitConfig } from '../../src/index.ts';

const sizes = { layers: 2, width: 24, mlpWidth: 96, heads: 4, patch: 4, classes: 5 } as const;
const fullAttention: FullAttentionConfig = { ...sizes, imageSize: [24, 24], channels: 3 };
const trecvit = trecvitConfig('B', 'paper', {
  ...sizes,
  ...{ lruWidth: 24, imageSize: [24, 24], headWidth: 32 },
});
const options = { frames: [2, 8], trecvit, fullAttention };

await describeBackends('compareModels', (backend) => {
  it('measures what fits into the memory, and computes the rest', async () => {
    await expectNoLeak(async () => {
      // Between what the longer clip takes with its weights of attention and without them.
      const held = fullAttentionPeakBytes(fullAttention, 8, 'held');
      const memoryBytes = 0.9 * held;
      const said: string[] = [];
      const onProgress = (text: string, seconds?: number) => {
        said.push(text);
        if (text.includes('frames')) expect(seconds).toBeGreaterThan(0);
      };
      const { clips } = await compareModels({ ...options, memoryBytes, onProgress });
      const [short, long] = clips.map((clip) => clip.fullAttention);
      expect(short?.peakBytesHeld.how).toBe('measured');
      expect(long?.peakBytes.how).toBe('measured');
      expect(long?.peakBytesHeld).toEqual({ value: held, how: 'computed' });
      for (const clip of clips) {
        expect(clip.trecvit.seconds).toEqual({ value: expect.any(Number), how: 'measured' });
        expect(clip.fullAttention.seconds?.value).toBeGreaterThan(0);
      }
      expect(said).toContain('full attention: 8 frames, weights of attention fused');
      expect(said).not.toContain('full attention: 8 frames, weights of attention held');
    });
  });

  // Without its kernel attention has no other way than to hold them.
  const fuses = backend !== 'cpu' && kernelMode() !== 'composite';

  it('computes peaks near those that it measures', async () => {
    const { clips } = await compareModels({ ...options, memoryBytes: 1e9 });
    for (const { frames, trecvit: ours, fullAttention: theirs } of clips) {
      const held = trecvitPeakBytes(trecvit, frames, 'held') / ours.peakBytesHeld.value;
      expect(held).toBeGreaterThan(0.6);
      expect(held).toBeLessThan(1.4);
      const whole = fullAttentionPeakBytes(fullAttention, frames, 'held');
      expect(Math.abs(whole / theirs.peakBytesHeld.value - 1)).toBeLessThan(0.15);
      if (!fuses) continue;
      const fused = fullAttentionPeakBytes(fullAttention, frames, 'fused');
      expect(fused / theirs.peakBytes.value).toBeGreaterThan(0.7);
      expect(fused / theirs.peakBytes.value).toBeLessThan(1.4);
    }
    const [, long] = clips;
    // Two arrays of a number for each head and pair of tokens.
    const weights = 2 * 4 * 4 * (8 * 36) ** 2;
    expect(long?.fullAttention.peakBytesHeld.value).toBeGreaterThan(weights);
    if (fuses) expect(long?.fullAttention.peakBytes.value).toBeLessThan(weights);
  });
});

describe('what is compared', () => {
  it('is TRecViT-B of the paper beside ViViT-L at 32 and 64 frames, with the ratios that the paper names', async () => {
    const { clips } = await compareModels({ memoryBytes: 0 });
    expect(clips.map(({ frames }) => frames)).toEqual([32, 64]);
    const ratios = clips.map(({ trecvit: ours, fullAttention: theirs }) => ({
      parameters: Math.round(theirs.parameters / ours.parameters),
      flops: Math.round(theirs.flops / ours.flops),
    }));
    expect(ratios).toEqual([
      { parameters: 3, flops: 5 },
      { parameters: 3, flops: 8 },
    ]);
    const [, long] = clips;
    // Scores and weights of 16 heads among 64 x 196 tokens alone are 20 GB.
    expect(long?.fullAttention.peakBytesHeld.value).toBeGreaterThan(20e9);
    expect(long?.fullAttention.seconds).toBeUndefined();
  });

  it('takes the time of a clip that does not fit from the longest that does', async () => {
    const memoryBytes = 1.05 * fullAttentionPeakBytes(fullAttention, 4, 'fused');
    const { clips } = await compareModels({ ...options, frames: [8], memoryBytes });
    expect(clips[0]?.fullAttention.seconds).toMatchObject({ how: 'computed', from: 4 });
  });

  it.each([
    [{ frames: [0] }, 'frames was 0'],
    [{ length: 3 } as object, 'length'],
  ])('refuses %o', async (wrong, message) => {
    await expect(compareModels(wrong)).rejects.toThrow(message);
  });
});

describe('the table', () => {
  const costs = (scale: number, time: Comparison['clips'][0]['trecvit']['seconds']) => ({
    parameters: scale * 1e8,
    flops: scale * 1e12,
    peakBytes: { value: scale * 1e9, how: 'measured' as const },
    peakBytesHeld: { value: scale * 4e9, how: 'computed' as const },
    ...(time === undefined ? {} : { seconds: time }),
  });
  const table = comparisonTable({
    backend: 'wasm',
    memoryBytes: 2e9,
    clips: [
      {
        frames: 32,
        trecvit: costs(1, { value: 2, how: 'measured' }),
        fullAttention: costs(3, { value: 9, how: 'computed', from: 16 }),
      },
    ],
  });
  const line = (name: string) =>
    table
      .split('\n')
      .find((each) => each.trim().startsWith(name))
      ?.trim()
      .split(/ {2,}/);

  it('has the ratio of each cost beside that of the paper', () => {
    expect(line('parameters')).toEqual(['parameters', '100.0 M', '300.0 M', '3.0x', '3x']);
    expect(line('FLOPs')).toEqual(['FLOPs', '1.00 TFLOP', '3.00 TFLOP', '3.0x', '5x']);
    expect(line('peak memory, fused')).toEqual([
      'peak memory, fused attention',
      ...['1.00 GB', '3.00 GB', '3.0x'],
    ]);
    expect(line('time')?.at(-1)).toBe('4.5x');
  });

  it('marks what was computed, and says from what', () => {
    expect(line('peak memory, weights')).toEqual([
      'peak memory, weights of attention held',
      ...['4.00 GB*', '12.0 GB*', '3.0x', '12x'],
    ]);
    expect(table).toContain('* Computed: more than 2.00 GB would be needed to run it.');
    expect(table).toContain(
      'Time of full attention at 32 frames: that of 16 frames, by the FLOPs.',
    );
  });
});
