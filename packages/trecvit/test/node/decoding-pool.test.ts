import { expect, it } from 'vitest';
import { DecodingPool, readClip } from '../../src/node/index.ts';

it('x', async () => {
  const pool = new DecodingPool({ threads: 2 });
  const t = performance.now();
  const o = { frames: 8, framesPerSecond: 12.5, place: 0.5, shortSide: 32 };
  const c = await pool.readClip('/tmp/v/cup.mp4', o);
  console.log(performance.now() - t);
  expect(c).toEqual(await readClip('/tmp/v/cup.mp4', o));
  await expect(pool.readClip('/tmp/v/a.py', o)).rejects.toThrow(/x/);
  await pool.dispose();
});
