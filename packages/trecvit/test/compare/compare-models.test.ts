import { kernelMode } from '@neverend/backend';
import { describeBackends, expectNoLeak } from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import type { FullAttentionConfig } from '../../src/compare/full-attention.ts';
import { type Amount, type Comparison, compareModels } from '../../src/compare/index.ts';
import { fullAttentionPeakBytes, trecvitPeakBytes } from '../../src/compare/peak-memory.ts';
import { comparisonTable } from '../../src/compare/table.ts';
import { type TRecViTConfig, trecvitConfig } from '../../src/index.ts';

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
      // What the process keeps of the weights is no memory of runs without them.
      for (const name of ['TRecViT', 'full attention']) {
        const runs = said
          .filter((text) => text.startsWith(`${name}: `))
          .map((text) => text.slice(-4));
        expect(runs.lastIndexOf('used')).toBeLessThan(runs.indexOf('held'));
      }
    });
  });

  const fuses = kernelMode() !== 'composite' && backend === 'wasm';
  // Where a machine may lack some kernels, nothing is known of what is kept.
  const runs = fuses || backend === 'cpu';

  it.runIf(runs)('computes the peaks that kernels have, and composites more', async () => {
    const near = (computed: number, { value, how }: Amount) => {
      expect(how).toBe('measured');
      expect(value).toBeGreaterThan(0.99 * computed);
      if (fuses) expect(value).toBeLessThan(1.01 * computed);
    };
    // Where most is alive over time, in the MLP, and in attention.
    const changes = [{ lruWidth: 192 }, { mlpWidth: 192 }, { mlpWidth: 24 }];
    for (const change of fuses ? changes : changes.slice(0, 1)) {
      const [ours, theirs] = [
        { ...trecvit, ...change },
        { ...fullAttention, ...change },
      ] as [TRecViTConfig, FullAttentionConfig];
      const { clips } = await compareModels({
        ...{ frames: [4], memoryBytes: 1e9 },
        ...{ trecvit: ours, fullAttention: theirs },
      });
      const [clip] = clips;
      if (clip === undefined) throw new Error('no clip was compared');
      near(trecvitPeakBytes(ours, 4, 'fused'), clip.trecvit.peakBytes);
      near(trecvitPeakBytes(ours, 4, 'held'), clip.trecvit.peakBytesHeld);
      near(fullAttentionPeakBytes(theirs, 4, 'fused'), clip.fullAttention.peakBytes);
      near(fullAttentionPeakBytes(theirs, 4, 'held'), clip.fullAttention.peakBytesHeld);
    }
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
