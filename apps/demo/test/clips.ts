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

/** A real clip from Debian's package opencv-doc: people in a street, seen from a camera that stands still. */
export const street = '/usr/share/doc/opencv-doc/examples/data/vtest.avi';

/** Writes the first frames of a clip in another format. */
export async function rewrite(
  from: string,
  to: string,
  {
    encoder: name,
    frames: frameCount,
    pixels,
  }: { readonly encoder: string; readonly frames: number; readonly pixels: string },
): Promise<void> {
  await using input = await Demuxer.open(from);
  const stream = input.video();
  if (stream === undefined) throw new Error(`${from} has no video`);
  using decoder = await Decoder.create(stream);
  using filter = FilterAPI.create(`scale=320:240,format=${pixels}`);
  using encoder = await Encoder.create(name as Parameters<typeof Encoder.create>[0], {
    decoder,
    filter,
  });
  await using output = await Muxer.open(to, { input });
  const index = output.addStream(encoder, { inputStream: stream });
  const frames = filter.frames(decoder.frames(first(frameCount, input.packets(stream.index))));
  for await (using packet of encoder.packets(frames)) await output.writePacket(packet, index);
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
