// Prepares a file and kills its own process at one moment: node prepare-and-die.ts <path> <sha256> <moment>
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { readPrepared } from '../../src/data/prepared-file.ts';

const [path = '', sha256 = '', moment = ''] = process.argv.slice(2);
const pass = (name: string): void => {
  if (name === moment) process.kill(process.pid, 'SIGKILL');
};

const { open, rename } = promises;
promises.open = async (...options) => {
  const file = await open(...options);
  pass('open');
  return file;
};
promises.rename = async (from, to) => {
  pass('rename');
  await rename(from, to);
  pass('renamed');
};
syncBuiltinESMExports();

const make = async () => {
  pass('make');
  return Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
};
await readPrepared(path, sha256, make, process.emitWarning);
