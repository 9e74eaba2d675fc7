import type { Case, Input, Size } from '../types.ts';

/** The settings of every runner. */
export const adamWSettings = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
} as const;

/** One step of AdamW over the parameters of twelve layers; its result is the parameters after three steps. */
export function adamWCases(size: Size): Case[] {
  const [layers, rows, columns] = size === 'full' ? [12, 768, 1024] : [2, 5, 7];
  const parameters = Array.from({ length: layers }, (_, layer): Input[] => [
    { name: `kernel${layer}`, shape: [rows, columns], dtype: 'float32' },
    { name: `bias${layer}`, shape: [columns], dtype: 'float32' },
    { name: `scale${layer}`, shape: [rows], dtype: 'float32' },
  ]).flat();
  // Two gradients in turn: under a constant one every step of Adam is alike.
  const gradients = [1, 2].flatMap((turn) =>
    parameters.map((parameter): Input => ({ ...parameter, name: `d${turn}/${parameter.name}` })),
  );
  const numbers = layers * (rows * columns + columns + rows);
  return [
    {
      id: 'adamw',
      title: `AdamW, ${(numbers / 1e6).toFixed(1)} M parameters in ${parameters.length} tensors`,
      group: 'adamw',
      op: 'adamW',
      mode: 'forward',
      attrs: adamWSettings,
      inputs: [...parameters, ...gradients],
      // Parameter, gradient and two moments in; parameter and moments out.
      limit: { kind: 'copy', amount: 28 * numbers },
      // A step is 1e-3 of a parameter of order one.
      tolerance: 1e-6,
    },
  ];
}
