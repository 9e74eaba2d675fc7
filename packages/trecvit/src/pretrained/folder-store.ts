import { type ChunkStore, checkedVersion } from './chunk-store.ts';

/** Where Node keeps downloads when nothing else is said. */
export function defaultCacheFolder(): string {
  const { homedir } = process.getBuiltinModule('node:os');
  const { join } = process.getBuiltinModule('node:path');
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  const folder = XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache');
  return join(folder, 'neverend', 'trecvit');
}

/** Keeps the pieces of the file at an address in a folder of its own below `cache`. Node only. */
export function folderStore(cache: string, url: string): ChunkStore {
  const fs = process.getBuiltinModule('node:fs/promises');
  const { join } = process.getBuiltinModule('node:path');
  const { createHash, randomUUID } = process.getBuiltinModule('node:crypto');
  const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);
  const folder = join(cache, hash(url));
  const chunk = (tag: string, index: number) => join(folder, `${hash(tag)}-${index}`);
  const complete = join(folder, 'complete.json');
  const writeWhole = async (path: string, content: Uint8Array | string) => {
    await fs.mkdir(folder, { recursive: true });
    const partial = join(folder, `.${randomUUID()}.part`);
    try {
      await fs.writeFile(partial, content);
      await fs.rename(partial, path);
    } catch (error) {
      await fs.rm(partial, { force: true });
      throw error;
    }
  };
  const removeAll = async (doomed: (name: string) => boolean) => {
    const names = await fs.readdir(folder).catch(() => []);
    for (const name of names.filter(doomed)) await fs.rm(join(folder, name), { force: true });
  };
  return {
    async complete() {
      try {
        return checkedVersion(JSON.parse(await fs.readFile(complete, 'utf8')));
      } catch {
        return undefined;
      }
    },
    has: (tag, index, bytes) =>
      fs.stat(chunk(tag, index)).then(
        ({ size }) => size === bytes,
        () => false,
      ),
    read: (tag, index) => fs.readFile(chunk(tag, index)).catch(() => undefined),
    write: (tag, index, bytes) => writeWhole(chunk(tag, index), bytes),
    async finish({ size, tag }) {
      await writeWhole(complete, JSON.stringify({ url, size, tag }));
      const kept = hash(tag);
      await removeAll((name) => /^[0-9a-f]{32}-/.test(name) && !name.startsWith(kept));
    },
    discard: (tag) => removeAll((name) => name.startsWith(hash(tag))),
  };
}
