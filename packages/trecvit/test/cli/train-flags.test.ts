import { Command } from 'commander';
import { expect, it } from 'vitest';
import { settingsOf, trainOptions } from '../../src/cli/train-flags.ts';

function parse(...args: readonly string[]) {
  const command = new Command().exitOverride();
  for (const option of trainOptions()) command.addOption(option);
  return settingsOf(command.parse(args, { from: 'user' }).opts());
}

it('leaves what is not given to the trainer', () => {
  expect(parse()).toEqual({});
});

it('takes every setting', () => {
  const flags = {
    ...{ '--seed': '-3', '--epochs': '2.5', '--batch-size': '6' },
    ...{ '--accumulate': '3', '--learning-rate': '0.001', '--warmup-steps': '0' },
    ...{ '--weight-decay': '0', '--label-smoothing': '0.2', '--clip-norm': '0.5' },
    ...{ '--average-decay': '0.9', '--scale-jitter': '0.5,2', '--flips': 'left:right,in:out' },
    ...{ '--frozen': 'tokenizer/,encoder/', '--evaluate-every': '5', '--clips': '2' },
    '--crops': '1',
  };
  expect(parse(...Object.entries(flags).flat())).toEqual({
    ...{ seed: -3, epochs: 2.5, batchSize: 6, accumulate: 3, learningRate: 0.001 },
    ...{ warmupSteps: 0, weightDecay: 0, labelSmoothing: 0.2, clipNorm: 0.5, averageDecay: 0.9 },
    scaleJitter: [0.5, 2],
    flips: [
      ['left', 'right'],
      ['in', 'out'],
    ],
    ...{ frozen: ['tokenizer/', 'encoder/'], evaluateEvery: 5, clips: 2, crops: 1 },
  });
});

it('takes steps in the place of epochs', () => {
  expect(parse('--steps', '7')).toEqual({ steps: 7 });
});

it('knows mirrors that swap no class, and none', () => {
  expect(parse('--flips', 'any', '--scale-jitter', 'none')).toEqual({
    flips: [],
    scaleJitter: 'none',
  });
});
