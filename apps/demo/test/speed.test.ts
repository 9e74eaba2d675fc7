import { expect, it } from 'vitest';
import { Speedometer, slowness } from '../src/speed.ts';

it('counts over the last seconds alone', () => {
  const speedometer = new Speedometer(2);
  expect(speedometer.speed()).toBeUndefined();
  // One frame a second of ten, then five of ten.
  for (let at = 0; at <= 10; at++) {
    speedometer.add({ at, seen: at, dropped: 9 * at, milliseconds: 900 });
  }
  expect(speedometer.speed()).toEqual({ seen: 1, dropped: 9, milliseconds: 900 });
  for (let at = 11; at <= 14; at++) {
    speedometer.add({
      at,
      seen: 10 + 5 * (at - 10),
      dropped: 90 + 5 * (at - 10),
      milliseconds: 200,
    });
  }
  expect(speedometer.speed()).toEqual({ seen: 5, dropped: 5, milliseconds: 200 });
  expect(speedometer.span).toBe(2);
});

it('knows the speed of a machine that takes longer for a frame than it looks back', () => {
  const speedometer = new Speedometer(3);
  for (const frame of [0, 1, 2]) {
    speedometer.add({ at: 5 * frame, seen: frame, dropped: 59 * frame, milliseconds: 5000 });
  }
  expect(speedometer.speed()).toEqual({ seen: 0.2, dropped: 11.8, milliseconds: 5000 });
});

it('says how slow the machine is, and does not flicker about it', () => {
  const speed = (dropped: number) => ({ seen: 12 - dropped, dropped, milliseconds: 80 });
  expect(slowness(speed(6.8), 12, false)).toBe(
    'This machine takes 5.2 of the 12 frames a second that the model wants, so what moves looks faster to it than it is.',
  );
  expect(slowness(speed(1), 12, false)).toBeUndefined();
  expect(slowness(speed(1), 12, true)).toContain('takes 11 of the 12');
  expect(slowness(speed(0.5), 12, true)).toBeUndefined();
});
