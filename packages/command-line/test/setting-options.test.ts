import { Command } from 'commander';
import { expect, it } from 'vitest';
import {
  flagOf,
  positiveInteger,
  positiveNumber,
  type Settings,
  settingOptions,
  settingsAmong,
} from '../src/index.ts';

interface Own {
  readonly batchSize?: number;
  readonly rate?: number;
}

const settings: Settings<Own> = {
  batchSize: { value: 'n', text: 'clips in a step', parse: positiveInteger },
  rate: { value: 'rate', text: 'of steps', parse: positiveNumber, otherwise: 'a tenth' },
};

function command(): Command {
  const own = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of settingOptions(settings, { batchSize: 8 })) own.addOption(option);
  return own.option('--out <folder>');
}

it('are the settings that were given, and no other flags', () => {
  const among = (...args: readonly string[]) =>
    settingsAmong(settings, command().parse(args, { from: 'user' }).opts());
  expect(among('--out', 'runs')).toEqual({});
  expect(among('--out', 'runs', '--batch-size', '4', '--rate', '0.5')).toEqual({
    batchSize: 4,
    rate: 0.5,
  });
  expect(settingsAmong(settings, { rate: undefined, toString: 1 })).toEqual({});
  expect(() => among('--batch-size', '0')).toThrow('It must be a positive integer.');
});

it('have their defaults in the help', () => {
  const help = command().helpInformation();
  expect(help).toContain('--batch-size <n>  clips in a step (default: 8)');
  expect(help).toContain('--rate <rate>     of steps (default: a tenth)');
});

it('are named as flags', () => {
  expect(['steps', 'batchSize', 'tableLearningRate'].map(flagOf)).toEqual([
    ...['--steps', '--batch-size', '--table-learning-rate'],
  ]);
});
