/**
 * The times of pictures in the order in which a codec gives them, which is the one to show them in. Files without times of display, such as
 * an `.avi` with pictures out of order, give times that are missing, repeated or go back: such a picture comes after its predecessor by the
 * usual time between two.
 */
export class FrameTimes {
  readonly #usual: number;
  #last: number | undefined;

  /** @param usual seconds between two pictures. */
  constructor(usual: number) {
    this.#usual = usual;
  }

  /** @param seconds of the file, or undefined where it has none. */
  next(seconds: number | undefined): number {
    if (this.#last === undefined) this.#last = seconds ?? 0;
    else if (seconds === undefined || seconds <= this.#last) this.#last += this.#usual;
    else this.#last = seconds;
    return this.#last;
  }
}
