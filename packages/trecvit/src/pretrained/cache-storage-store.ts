import { type ChunkStore, checkedVersion } from './chunk-store.ts';

/** The name of the Cache in which browsers keep downloads when nothing else is said. */
export const defaultCacheName = 'neverend-trecvit';

/** Keeps the pieces of the file at an address in a Cache of the page's origin. */
export function cacheStorageStore(name: string, url: string): ChunkStore {
  // Nothing is ever fetched from these addresses: they are keys.
  const folder = `https://cache.invalid/${encodeURIComponent(url)}/`;
  const version = (tag: string) => `${folder}${encodeURIComponent(tag)}/`;
  const chunk = (tag: string, index: number) => `${version(tag)}${index}`;
  const complete = `${folder}complete`;
  const cache = () => caches.open(name);
  const removeAll = async (doomed: (key: string) => boolean) => {
    const opened = await cache();
    const keys = (await opened.keys()).map((request) => request.url);
    await Promise.all(keys.filter(doomed).map((key) => opened.delete(key)));
  };
  return {
    async complete() {
      try {
        return checkedVersion(await (await (await cache()).match(complete))?.json());
      } catch {
        return undefined;
      }
    },
    has: async (tag, index, bytes) => {
      const response = await (await cache()).match(chunk(tag, index));
      return response?.headers.get('content-length') === String(bytes);
    },
    read: async (tag, index) => {
      const response = await (await cache()).match(chunk(tag, index));
      return response && new Uint8Array(await response.arrayBuffer());
    },
    async write(tag, index, bytes) {
      const headers = { 'content-length': String(bytes.length) };
      await (await cache()).put(chunk(tag, index), new Response(bytes, { headers }));
    },
    async finish({ size, tag }) {
      await (await cache()).put(complete, Response.json({ url, size, tag }));
      const [kept, others] = [version(tag), (key: string) => key.startsWith(folder)];
      await removeAll((key) => others(key) && key !== complete && !key.startsWith(kept));
    },
    discard: (tag) => removeAll((key) => key.startsWith(version(tag))),
  };
}
