import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '@neverend/checkpoint/node';
import { naturalOrder, type VideoEntry } from './video-entry.ts';

/**
 * The videos below a folder that has one folder for each class, named after it: files, or folders of images. Hidden ones, whose names
 * begin with a dot, are passed over.
 *
 * @returns in the order of their classes' names and their own. @throws RunError when there is no class folder, or an empty one.
 */
export async function readClassFolders(folder: string): Promise<VideoEntry[]> {
  const classes = await namesIn(folder, async (path) => (await stat(path)).isDirectory());
  if (classes.length === 0) {
    throw new RunError(
      `${folder} has no folders; it must have one for each class, with the class's videos in it`,
    );
  }
  const entries: VideoEntry[] = [];
  for (const label of classes) {
    const videos = await namesIn(join(folder, label));
    if (videos.length === 0) {
      throw new RunError(`${join(folder, label)} is empty; it must hold the videos of its class`);
    }
    entries.push(...videos.map((name) => ({ path: join(folder, label, name), label })));
  }
  return entries;
}

async function namesIn(
  folder: string,
  isWanted: (path: string) => Promise<boolean> = async () => true,
): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await readdir(folder)).sort(naturalOrder)) {
    if (!name.startsWith('.') && (await isWanted(join(folder, name)))) names.push(name);
  }
  return names;
}
