import { existsSync } from 'node:fs';
import { Decoder, Demuxer, Encoder, FilterAPI, Muxer } from 'node-av/api';

// node-av calls it, and Node has it from version 22 on.
if (!('withResolvers' in Promise)) {
  Object.assign(Promise, {
    withResolvers() {
      const settle: { resolve?: unknown; reject?: unknown } = {};
      const promise = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
      return { promise, ...settle };
    },
  });
}

/** A real clip from Debian's package opencv-doc: people in a street, before a camera that stands still. */
export const street = '/usr/share/doc/opencv-doc/examples/data/vtest.avi';

/** Whether tests with it run: where it is, and where NEVEREND_REQUIRE is set, which asks for everything. */
export function clipsRun(): boolean {
  if (existsSync(street) || process.env['NEVEREND_REQUIRE'] !== undefined) return true;
  process.stderr.write('the clips are absent: apt-get install opencv-doc\n');
  return false;
}

/** Writes the first frames of a clip in another format. */
export async function rewrite(
  from: string,
  to: string,
  {
    encoder: name,
    frames: frameCount,
    filter: description,
  }: { readonly encoder: string; readonly frames: number; readonly filter: string },
): Promise<void> {
  if (!existsSync(from)) throw new Error(`${from} is absent: apt-get install opencv-doc`);
  await using input = await Demuxer.open(from);
  const stream = input.video();
  if (stream === undefined) throw new Error(`${from} has no video`);
  using decoder = await Decoder.create(stream);
  using filter = FilterAPI.create(description);
  using encoder = await Encoder.create(name as Parameters<typeof Encoder.create>[0], {
    decoder,
    filter,
  });
  await using output = await Muxer.open(to, { input });
  const index = output.addStream(encoder, { inputStream: stream });
  const frames = filter.frames(decoder.frames(first(frameCount, input.packets(stream.index))));
  for await (using packet of encoder.packets(frames)) await output.writePacket(packet, index);
}

/** What a camera sees that is moved over the first picture of a clip: ten frames a second, for three seconds. */
export function movedOver(from: string, to: string, motion: 'left' | 'right'): Promise<void> {
  // What is seen moves against the camera.
  const left = motion === 'left' ? 'n*9' : '270-n*9';
  return rewrite(from, to, {
    encoder: 'libvpx',
    frames: 1,
    filter: `loop=loop=29:size=1,setpts=N/10/TB,crop=240:240:${left}:150,format=yuv420p`,
  });
}

/** Packets of a file, and the `null` that ends them. */
async function* first<T>(count: number, packets: AsyncIterable<T>): AsyncGenerator<T | null> {
  let taken = 0;
  for await (const packet of packets) {
    if (taken++ === count) break;
    yield packet;
  }
  yield null;
}
