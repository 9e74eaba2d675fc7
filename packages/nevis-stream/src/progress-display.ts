import { type Options, Presets, SingleBar } from 'cli-progress';
import type { Progress } from './types.ts';

export interface ProgressDisplay {
  show(step: Progress): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** A bar on a terminal; a line per piece of work, with its time, elsewhere; both on stderr. */
export function progressDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? barDisplay(stream) : lineDisplay(stream);
}

function barDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const options: Options = {
    stream,
    format: '{bar} {percentage}% | {eta_formatted} left | {phase} {label}',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    fps: 5,
  };
  let bar: SingleBar | undefined;
  let key = '';
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    show: ({ phase, label, done, total }) => {
      const next = keyOf(phase, label);
      if (next === undefined) return;
      if (next !== key) {
        stop();
        key = next;
        bar = new SingleBar(options, Presets.shades_classic);
        bar.start(total, done, { phase, label });
      } else {
        bar?.setTotal(total);
        bar?.update(done, { phase, label });
      }
    },
    stop,
  };
}

function lineDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  let key = '';
  return {
    show: ({ phase, label }) => {
      const next = keyOf(phase, label);
      if (next === undefined || next === key) return;
      key = next;
      stream.write(`${new Date().toISOString().slice(11, 19)} ${next}\n`);
    },
    stop: () => undefined,
  };
}

/** What one bar or line is for; validations belong to the training around them. */
function keyOf(phase: Progress['phase'], label: string): string | undefined {
  if (phase === 'validate') return undefined;
  return phase === 'prepare' ? 'prepare data' : phase === 'report' ? 'report' : `${phase} ${label}`;
}
