import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { bytes, duration, milliseconds, progressDisplay, withPrefix } from '../src/index.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function written(isTTY: boolean) {
  let text = '';
  const write = (part: string) => {
    text += part;
    return true;
  };
  const stream = { isTTY, write, columns: 120, cursorTo: () => true, clearLine: () => true };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

it('writes a line when work begins, and one every ten seconds, with the time that its pace leaves', () => {
  const { stream, text } = written(false);
  const display = progressDisplay(stream);
  display.show({ title: 'read', done: 0, total: 100 });
  vi.advanceTimersByTime(5000);
  display.show({ title: 'read', done: 10, total: 100 });
  vi.advanceTimersByTime(5000);
  display.show({ title: 'read', done: 20, total: 100, detail: 'loss 1' });
  display.note('a note');
  display.show({ title: 'write', done: 1, total: 3, remainingSeconds: 4000 });
  expect(text()).toBe(
    'read: 0 %\nread: 20 %, 40 s left, loss 1\na note\nwrite: 33 %, 1 h 6 min left\n',
  );
});

it('tells the end of what it told the beginning of, once', () => {
  const { stream, text } = written(false);
  const display = progressDisplay(stream);
  for (const done of [1, 5, 10, 10]) display.show({ title: 'load', done, total: 10 });
  display.show({ title: 'next', done: 0, total: 10 });
  expect(text()).toBe('load: 10 %\nload: 100 %\nnext: 0 %\n');
});

it('shows a bar on a terminal, and leaves lines that stay above it', () => {
  const { stream, text } = written(true);
  const display = progressDisplay(stream);
  display.show({ title: 'read', done: 50, total: 100 });
  display.note('a note');
  display.show({ title: 'read', done: 75, total: 100, remainingSeconds: 3, detail: 'loss 1' });
  display.stop();
  expect(text()).toMatch(/50%.*read/);
  expect(text()).toContain('a note\n');
  expect(text()).toMatch(/75% \| 3 s left \| read loss 1/);
});

it('writes numbers for people', () => {
  expect([0.4, 59.4, 61, 3600, 7325].map(duration)).toEqual([
    ...['0 s', '59 s', '1 min 1 s', '1 h 0 min', '2 h 2 min'],
  ]);
  expect([0, 999, 1000, 58_097_664, 1.79e12].map((value) => withPrefix(value))).toEqual([
    ...['0', '999', '1.00 k', '58.1 M', '1.79 T'],
  ]);
  expect(bytes(14_535_168)).toBe('14.5 MB');
  expect([0.123, 23.06, 1868].map(milliseconds)).toEqual(['0.1 ms', '23.1 ms', '1868 ms']);
});
