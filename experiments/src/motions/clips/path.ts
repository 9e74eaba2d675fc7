import type { MotionName } from '@neverend/trecvit-motions';
import type { Draws } from './draws.ts';

/** How a thing lies: the middle and the size in shares of the frame's side, the angle clockwise. */
export interface Placing {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly angle: number;
}

/** What a thing's coordinates may be. The size is drawn on a logarithmic scale. */
export interface Room {
  readonly x: readonly [from: number, to: number];
  readonly y: readonly [from: number, to: number];
  readonly size: readonly [from: number, to: number];
}

type Coordinate = 'x' | 'y' | 'size' | 'angle';
const coordinates: readonly Coordinate[] = ['x', 'y', 'size', 'angle'];

const moved: Readonly<Record<MotionName, readonly [Coordinate, sign: number] | undefined>> = {
  left: ['x', -1],
  right: ['x', 1],
  up: ['y', -1],
  down: ['y', 1],
  nearer: ['size', 1],
  further: ['size', -1],
  turning: ['angle', 1],
  still: undefined,
};

/** How far a thing turns from phase 0 to 1. */
const turn = Math.PI;
/** How far the coordinates that a motion is not about change meanwhile, at most: shares of their room, and of `turn`. */
const aside = { x: 0.2, y: 0.2, size: 0.12, angle: 0.1 } as const;

/**
 * The path of a thing, from phase 0 to 1.
 *
 * A single frame must not give the motion away. So the coordinate that the motion is about goes through all of its room, and the
 * others rest at a uniform place of theirs: at a uniform phase each coordinate is uniform, whatever the motion. The same holds for
 * the small changes aside.
 */
export function drawnPath(
  draws: Draws,
  motion: MotionName,
  room: Room,
): (phase: number) => Placing {
  const about = moved[motion];
  const axes = coordinates.map((name) => {
    const isMoved = about?.[0] === name;
    const sign = name === 'angle' ? draws.sign() : (about?.[1] ?? 1);
    return {
      place: draws.between(0, 1),
      placeAside: draws.between(0, 1),
      slope: draws.between(-aside[name], aside[name]),
      ofPhase: (phase: number, place: number) => (isMoved ? (sign > 0 ? phase : 1 - phase) : place),
      ofPhaseAside: (phase: number, place: number) =>
        isMoved || motion === 'still' ? place : phase,
    };
  });
  const base = draws.between(0, 2 * Math.PI);
  return (phase) => {
    const [x = 0, y = 0, size = 0, angle = 0] = axes.map(
      ({ place, placeAside, slope, ofPhase, ofPhaseAside }) =>
        ofPhase(phase, place) + slope * (ofPhaseAside(phase, placeAside) - 0.5),
    );
    return {
      x: room.x[0] + x * (room.x[1] - room.x[0]),
      y: room.y[0] + y * (room.y[1] - room.y[0]),
      size: room.size[0] * (room.size[1] / room.size[0]) ** size,
      angle: base + turn * angle,
    };
  };
}
