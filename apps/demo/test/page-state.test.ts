import { expect, it } from 'vitest';
import {
  firstState,
  nextState,
  type PageEvent,
  type PageState,
  viewOf,
} from '../src/page-state.ts';

const about = {
  backend: { name: 'wasm', device: 'CPU' },
  classes: 8,
  framesPerSecond: 12,
  threshold: 0.5,
};
const ready: PageEvent = { type: 'ready', about };
const camera: PageEvent = { type: 'open', source: 'camera' };
const running: PageEvent = { type: 'running' };

const after = (...events: readonly PageEvent[]): PageState => events.reduce(nextState, firstState);
const told = (...events: readonly PageEvent[]) => {
  const state = after(...events);
  return { ...viewOf(state), notice: state.notice?.text };
};

it('says how much of the model is there', () => {
  expect(told().status).toBe('Loading the model.');
  expect(told({ type: 'loading', fraction: 0.429 }).status).toBe('Loading the model: 42 %.');
  expect(told({ type: 'loading', fraction: 0.5 }, ready).status).toBe('The model is ready.');
});

it('says what is worse than it could be', () => {
  const warning = 'it runs on one thread, since the page is not cross-origin isolated';
  const status = told({
    type: 'ready',
    about: { ...about, backend: { ...about.backend, warning } },
  }).status;
  expect(status).toBe(`The model is ready. wasm: ${warning}.`);
});

it('shows the picture once there is one, and what stops it from the moment it was asked for', () => {
  expect(told(ready)).toMatchObject({ picture: 'none', canStop: false });
  expect(told(ready, camera)).toMatchObject({ picture: 'none', canStop: true });
  expect(told(ready, camera, running)).toMatchObject({ picture: 'camera', canStop: true });
  const film: PageEvent = { type: 'open', source: 'file' };
  expect(told(ready, film, running)).toMatchObject({ picture: 'file', canStop: true });
  expect(told(ready, film, running, { type: 'ended' })).toMatchObject({
    picture: 'file',
    canStop: false,
    status: 'The video has ended.',
    fileLabel: 'Open another video',
  });
});

it('shows a camera while the model still loads', () => {
  expect(told(camera, running)).toMatchObject({
    picture: 'camera',
    status: 'Loading the model.',
  });
});

it('names what went wrong until something else is opened, and lets one open it', () => {
  const failed = [ready, camera, { type: 'failed', sentence: 'The camera is busy.' }] as const;
  expect(told(...failed)).toMatchObject({
    notice: 'The camera is busy.',
    picture: 'none',
    canOpen: true,
    canStop: false,
  });
  expect(told(...failed, { type: 'open', source: 'file' }).notice).toBeUndefined();
});

it('goes on with the video where a setting is refused', () => {
  const refused = { type: 'refused', sentence: 'Give the address first.' } as const;
  expect(told(ready, camera, running, refused)).toMatchObject({
    notice: 'Give the address first.',
    status: 'Watching the camera.',
    canStop: true,
  });
});

it('opens nothing where no model is, until another one loads', () => {
  const broken = { type: 'broken', sentence: 'The file is cut.' } as const;
  expect(told(camera, running, broken)).toMatchObject({
    notice: 'The file is cut.',
    canOpen: false,
    canStop: false,
  });
  expect(told(broken, { type: 'loading' }, ready)).toMatchObject({ canOpen: true });
});

it('is not started by what comes late from a video that was stopped', () => {
  expect(after(ready, running).session).toEqual({ phase: 'idle' });
  expect(after(ready, camera, { type: 'stopped' }, running).session).toEqual({ phase: 'idle' });
});

it('pauses while its tab is hidden, and says for how long', () => {
  const hidden = [ready, camera, running, { type: 'hidden' }] as const;
  expect(told(...hidden)).toMatchObject({
    status: 'Paused while this tab is hidden.',
    title: 'Paused: What is moving?',
    picture: 'camera',
  });
  const back = told(...hidden, { type: 'seen again', seconds: 75.4 });
  expect(back.status).toBe('Watching the camera.');
  expect(back.notice).toBe(
    'This tab was hidden for 75 seconds, in which nothing was classified; it goes on now.',
  );
  expect(told(...hidden, { type: 'seen again', seconds: 0.2 }).notice).toContain('for a second,');
  expect(told(...hidden, { type: 'seen again', seconds: 300 }).notice).toContain('5 minutes');
});

it('does not pause what does not run', () => {
  expect(told(ready, { type: 'hidden' }).status).toBe('The model is ready.');
  expect(told(ready, { type: 'seen again', seconds: 3 }).notice).toBeUndefined();
});

it('says that the machine is slow after a pause was told, and takes it back', () => {
  const slow = { type: 'speed', sentence: 'This machine is slow.' } as const;
  const fast = { type: 'speed', sentence: undefined } as const;
  const paused = [
    ready,
    camera,
    running,
    { type: 'hidden' },
    { type: 'seen again', seconds: 9 },
  ] as const;
  expect(told(ready, camera, running, slow).notice).toBe('This machine is slow.');
  expect(told(ready, camera, running, slow, fast).notice).toBeUndefined();
  expect(told(...paused, slow, fast).notice).toContain('9 seconds');
  expect(told(...paused, { type: 'pause told' }, slow).notice).toBe('This machine is slow.');
});

it('stays the same object where nothing changes, so that nothing is drawn again', () => {
  const state = after(ready, camera, running);
  expect(nextState(state, running)).toBe(state);
  expect(nextState(state, { type: 'speed', sentence: undefined })).toBe(state);
});
