// The letters of shapes: B batch, T time, N tokens of a frame, E width of the recurrence; rows are any number of
// sequences side by side.
import type { Tensor } from '@tensorflow/tfjs-core';

/** Complex numbers as two float32 tensors of one shape. */
export interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}
