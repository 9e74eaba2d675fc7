import { randomKey } from '../random.ts';
import { expectClose } from './expect-close.ts';
import { numericGradients } from './numeric-gradient.ts';
import { type Inputs, normalInput, numbers } from './op-case.ts';

// Central differences in float64 are good to some 1e-10 of the function's scale.
const differences = { rtol: 1e-6, atol: 1e-7 };

/**
 * Holds a backward pass written by hand, in float64, against central differences of the forward pass, input by
 * input.
 *
 * @param outputs how many numbers the forward pass gives.
 */
export function expectCentralDifferences(
  inputs: Inputs,
  outputs: number,
  forward: (arrays: Record<string, Float64Array>) => Float64Array,
  backward: (
    arrays: Record<string, Float64Array>,
    dy: Float64Array,
  ) => Readonly<Record<string, Float64Array>>,
): void {
  const arrays = numbers(inputs);
  const dy = normalInput(randomKey('dy'), [outputs]).data;
  const gradients = backward(arrays, dy);
  for (const [name, numeric] of Object.entries(numericGradients(inputs, dy, forward))) {
    expectClose(gradients[name] ?? [], numeric, differences);
  }
}
