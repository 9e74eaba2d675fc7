import {
  type CameraError,
  type LivePictureOptions,
  livePictures,
  type Picture,
} from '../../src/video/index.ts';

/** A picture as a test in Node can have it. */
export interface SeenPicture {
  readonly seconds: number;
  readonly rows: number;
  readonly columns: number;
  readonly pixels: readonly number[];
}

/** What a page or its worker saw. */
export interface Seen {
  readonly pictures: readonly SeenPicture[];
  readonly dropped: number;
  /** The codes of silences, and null where it ended. */
  readonly silences: readonly (string | null)[];
  readonly error?: { readonly name: string; readonly code: string; readonly message: string };
}

export const fit = { imageSize: [16, 16], crop: 'centre' } as const;

export interface WatchOptions {
  /** How many pictures to see. */
  readonly count: number;
  readonly framesPerSecond: number;
  /** For how many milliseconds the model is busy with each. */
  readonly busy?: number;
}

export function seen({ pixels, ...picture }: Picture): SeenPicture {
  return { ...picture, pixels: [...pixels] };
}

/** Looks at live frames for some time. */
export async function watch(
  frames: Parameters<typeof livePictures>[0],
  { count, framesPerSecond, busy = 0 }: WatchOptions,
): Promise<Seen> {
  const pictures: SeenPicture[] = [];
  const silences: (string | null)[] = [];
  let dropped = 0;
  const options: LivePictureOptions = {
    fit,
    framesPerSecond,
    onDropped: (number) => {
      dropped = number;
    },
    onSilence: (silence: CameraError | undefined) => silences.push(silence?.code ?? null),
  };
  try {
    for await (const picture of livePictures(frames, options)) {
      pictures.push(seen(picture));
      if (pictures.length === count) break;
      await new Promise((resolve) => setTimeout(resolve, busy));
    }
    return { pictures, dropped, silences };
  } catch (error) {
    return { pictures, dropped, silences, error: described(error) };
  }
}

export function described(error: unknown): NonNullable<Seen['error']> {
  const { name, message, code } = error as Error & { code: string };
  return { name, message, code };
}
