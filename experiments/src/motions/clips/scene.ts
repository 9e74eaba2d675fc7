import { type RandomKey, subkey } from '@neverend/backend';
import { type MotionName, motionNames } from '@neverend/trecvit-motions';
import { Draws } from './draws.ts';
import type { Materials } from './materials.ts';
import { drawnPath, type Placing, type Room } from './path.ts';
import { drawnSprite } from './sprite.ts';
import { drawPlane, drawSprite, type Frame, type Pose } from './texture.ts';

/** What makes clips easy or hard. */
export interface Difficulty {
  /** The seconds in which a thing goes through its whole room, from fast to slow. */
  readonly seconds: readonly [fast: number, slow: number];
  /** How often the whole picture moves, as before a moving camera, and no single thing. */
  readonly wholePicture: number;
  /** How often the background of a thing drifts, and how fast at most, in sides a second. */
  readonly drift: { readonly probability: number; readonly speed: number };
  /** How often a small thing goes its own way. */
  readonly others: number;
  /** How far a hand trembles, at most, in sides. */
  readonly tremor: number;
  /** The deviation of the noise, at most, of 255. */
  readonly noise: number;
  /** How much the light changes, at most, as a share. */
  readonly light: number;
  /** The share of frames that are lost, at most; the frame before is shown again. */
  readonly dropped: number;
  /**
   * Whether a thing that has gone through its room is followed by another one. Without that a single frame tells a little: what
   * moves left was right at first.
   */
  readonly cuts: boolean;
  /** How many times wider than usual the room of sizes is, on its logarithmic scale: how fast things come nearer. Default: 1. */
  readonly zoom?: number;
  /**
   * Whether a whole picture that comes nearer, goes further or turns does so around a place near the middle of the frame, as before a
   * camera. Otherwise that is anywhere in its room, where it looks almost like a picture that moves aside. Default: no.
   */
  readonly centred?: boolean;
}

const rooms = {
  thing: { x: [-0.4, 0.4], y: [-0.4, 0.4], size: [0.4, 1.2] },
  camera: { x: [-0.45, 0.45], y: [-0.45, 0.45], size: [1.3, 3.4] },
  around: { x: [-0.1, 0.1], y: [-0.1, 0.1], size: [1.3, 3.4] },
  small: { x: [-0.5, 0.5], y: [-0.5, 0.5], size: [0.1, 0.2] },
} as const satisfies Record<string, Room>;

/** A room with a wider range of sizes around the same middle. */
function widened(room: Room, zoom: number): Room {
  const [from, to] = room.size;
  const beyond = (to / from) ** ((zoom - 1) / 2);
  return { ...room, size: [from / beyond, to * beyond] };
}

/** Draws what is seen at a time, in seconds, into a frame. */
export type Scene = (seconds: number, frame: Frame) => void;

/**
 * A scene in which something moves.
 *
 * @param seconds how long it is looked at.
 */
export function drawnScene(
  key: RandomKey,
  motion: MotionName,
  materials: Materials,
  difficulty: Difficulty,
  seconds: number,
): Scene {
  const draws = new Draws(subkey(key, 'scene'));
  const { photographs } = materials;
  const { zoom = 1, centred = false } = difficulty;
  const isWhole = draws.chance(difficulty.wholePicture);
  const time = drawnTime(draws, difficulty, seconds);
  const tremble = drawnTremor(draws, difficulty.tremor);
  const drift = drawnDrift(draws, difficulty);
  const isAround = ['nearer', 'further', 'turning'].includes(motion);
  const room = isWhole && centred && isAround ? rooms.around : rooms.camera;
  const backgroundOf = perAct((act) => {
    const view = drawsOf(key, 'view', act);
    return {
      photograph: view.of(photographs),
      anchor: { x: view.between(-0.5, 0.5), y: view.between(-0.5, 0.5) },
      path: drawnPath(view, isWhole ? motion : 'still', widened(room, zoom)),
    };
  });
  const drawBackground: Scene = (at, frame) => {
    const { act, phase } = isWhole ? time(at) : { act: 0, phase: 0 };
    const { photograph, anchor, path } = backgroundOf(act);
    const placing = isWhole ? tremble(at, path(phase)) : drift(at, path(phase));
    drawPlane(frame, photograph, aroundAnchor(placing, anchor));
  };
  const thingOf = perAct((act) => ({
    path: drawnPath(drawsOf(key, 'path', act), motion, widened(rooms.thing, zoom)),
    sprite: drawnSprite(drawsOf(key, 'sprite', act), materials),
  }));
  const drawThing: Scene = (at, frame) => {
    const { act, phase } = time(at);
    const { path, sprite } = thingOf(act);
    drawSprite(frame, sprite, tremble(at, path(phase)));
  };
  const layers = isWhole ? [drawBackground] : [drawBackground, drawThing];
  if (draws.chance(difficulty.others)) {
    const otherTime = drawnTime(draws, { ...difficulty, cuts: true }, seconds);
    const otherMotion = draws.of(motionNames);
    const otherOf = perAct((act) => ({
      path: drawnPath(drawsOf(key, 'other path', act), otherMotion, rooms.small),
      sprite: drawnSprite(drawsOf(key, 'other sprite', act), materials),
    }));
    const drawOther: Scene = (at, frame) => {
      const { act, phase } = otherTime(at);
      const { path, sprite } = otherOf(act);
      drawSprite(frame, sprite, path(phase));
    };
    layers.splice(1, 0, drawOther);
  }
  return (at, frame) => {
    for (const draw of layers) draw(at, frame);
  };
}

function drawsOf(key: RandomKey, ...of: (string | number)[]): Draws {
  return new Draws(subkey(key, ...of));
}

/** Makes what belongs to an act when it begins. */
function perAct<T>(make: (act: number) => T): (act: number) => T {
  const made = new Map<number, T>();
  return (act) => {
    const known = made.get(act);
    if (known !== undefined) return known;
    const fresh = make(act);
    made.set(act, fresh);
    return fresh;
  };
}

/** Where a scene is at a time: in which act, and where between its beginning, 0, and its end, 1. At any time the phase is uniform. */
function drawnTime(
  draws: Draws,
  { seconds: [fast, slow], cuts }: Difficulty,
  seconds: number,
): (at: number) => { act: number; phase: number } {
  const length = draws.ratio(fast, slow);
  const begin = draws.between(0, 1);
  if (!cuts) {
    const whole = Math.max(length, seconds);
    return (at) => ({ act: 0, phase: begin * (1 - seconds / whole) + at / whole });
  }
  return (at) => {
    const acts = begin + at / length;
    return { act: Math.floor(acts), phase: acts - Math.floor(acts) };
  };
}

/** A hand's slow trembling: two waves in each direction. */
function drawnTremor(draws: Draws, most: number): (at: number, placing: Placing) => Placing {
  const waves = [0, 1, 2, 3].map(() => ({
    height: draws.between(0, most / 2),
    pace: 2 * Math.PI * draws.between(0.4, 2.5),
    phase: draws.between(0, 2 * Math.PI),
  }));
  return (at, placing) => {
    const [a = 0, b = 0, c = 0, d = 0] = waves.map(
      ({ height, pace, phase }) => height * Math.sin(pace * at + phase),
    );
    return { ...placing, x: placing.x + a + b, y: placing.y + c + d };
  };
}

/** A background's straight way. */
function drawnDrift(
  draws: Draws,
  { drift: { probability, speed } }: Difficulty,
): (at: number, placing: Placing) => Placing {
  const pace = draws.chance(probability) ? draws.between(0, speed) : 0;
  const course = draws.between(0, 2 * Math.PI);
  const [right, down] = [pace * Math.cos(course), pace * Math.sin(course)];
  return (at, placing) => ({
    ...placing,
    x: placing.x + right * at,
    y: placing.y + down * at,
  });
}

/** Puts a point of a texture, rather than its middle, where a placing says. @param anchor from the middle, in shorter sides. */
function aroundAnchor(
  { x, y, size, angle }: Placing,
  anchor: { readonly x: number; readonly y: number },
): Pose {
  const [cos, sin] = [size * Math.cos(angle), size * Math.sin(angle)];
  return {
    x: x - (cos * anchor.x - sin * anchor.y),
    y: y - (sin * anchor.x + cos * anchor.y),
    size,
    angle,
  };
}
