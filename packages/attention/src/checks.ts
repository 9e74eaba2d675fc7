import { checkSizes, described, ShapeError } from '@neverend/backend';

/** The width of a head. @throws ShapeError unless `width` is a positive integer that `heads` divides. */
export function headWidth(width: number, heads: number): number {
  checkSizes({ width });
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0) {
    throw new ShapeError(
      `heads was ${described(heads)}; it must be a positive divisor of the width, ${width}`,
    );
  }
  return width / heads;
}

/** @throws RangeError naming a base that is not above 0, or not finite. */
export function checkBase(name: string, base: number): void {
  if (!(base > 0 && Number.isFinite(base))) {
    throw new RangeError(`${name} was ${described(base)}; it must be a finite number above 0`);
  }
}
