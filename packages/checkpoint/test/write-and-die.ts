// Replaces a file and kills its own process at one moment: node write-and-die.ts <path> <content> <moment>
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { writeFileAtomic } from '../src/node.ts';

const [path = '', content = '', moment = ''] = process.argv.slice(2);
const pass = (name: string): void => {
  if (name === moment) process.kill(process.pid, 'SIGKILL');
};

const { open, rename } = promises;
promises.open = async (...options) => {
  const file: FileHandle = await open(...options);
  const writing = options[1] === 'wx';
  pass(writing ? 'opened' : 'folder opened');
  const writeFile = file.writeFile.bind(file);
  const sync = file.sync.bind(file);
  file.writeFile = async (data) => {
    const text = String(data);
    await writeFile(text.slice(0, text.length / 2));
    pass('half written');
    await writeFile(text.slice(text.length / 2));
    pass('written');
  };
  file.sync = async () => {
    await sync();
    pass(writing ? 'synced' : 'folder synced');
  };
  return file;
};
promises.rename = async (from, to) => {
  pass('before rename');
  await rename(from, to);
  pass('renamed');
};
syncBuiltinESMExports();

await writeFileAtomic(path, content);
