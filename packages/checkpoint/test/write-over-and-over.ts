// Replaces a file again and again until it is killed: node write-over-and-over.ts <path>
import { writeFileAtomic } from '../src/node.ts';

const [path = ''] = process.argv.slice(2);
for (let round = 0; ; round++) {
  await writeFileAtomic(path, `${round % 10}`.repeat(300_000));
  if (round === 0) process.stdout.write('started\n');
}
