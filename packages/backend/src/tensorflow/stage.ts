import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BackendError } from '../errors.ts';

/** The folders of tfjs-node that its install script makes: libtensorflow with its headers, and the binding. */
const parts = ['deps', 'lib'] as const;

/** A copy of an installed tfjs-node in which everything is made and tried before the package itself changes. */
export interface Stage {
  readonly folder: string;
  /** Moves what was made into the package. */
  publish(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Copies a package, without its native parts, into a folder beside it, where it finds the same dependencies.
 * Only one stage of a package can be open. What a killed process left behind is undone first.
 *
 * @throws BackendError while another process holds the stage.
 */
export async function openStage(packageFolder: string): Promise<Stage> {
  const folder = join(dirname(packageFolder), `.${basename(packageFolder)}-neverend`);
  const owner = join(folder, 'owner');
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const pid = Number(await readFile(owner, 'utf8').catch(() => ''));
    if (pid > 0 && isAlive(pid)) {
      throw new BackendError(
        `another install (process ${pid}) works on ${packageFolder}; wait for it, or end it and delete ${folder}`,
      );
    }
    await restore(packageFolder, folder);
    await rm(folder, { recursive: true });
    await mkdir(folder);
  }
  await writeFile(owner, String(process.pid));
  const leftOut = ['node_modules', 'build', ...parts].map((name) => join(packageFolder, name));
  await cp(packageFolder, folder, {
    recursive: true,
    filter: (source) => !leftOut.includes(source),
  });
  // Dependencies that the package holds itself.
  await symlink(join(packageFolder, 'node_modules'), join(folder, 'node_modules'));
  return {
    folder,
    publish: async () => {
      try {
        await publish(packageFolder, folder);
      } catch (error) {
        await restore(packageFolder, folder);
        throw error;
      }
    },
    discard: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Every step is a rename, and `before` holds what to put back until the last one is done. */
async function publish(packageFolder: string, folder: string): Promise<void> {
  const before = join(folder, 'before');
  await mkdir(before);
  for (const part of parts) {
    const old = join(packageFolder, part);
    if (existsSync(old)) await rename(old, join(before, part));
    await rename(join(folder, part), old);
  }
  await rename(before, join(folder, 'replaced'));
}

async function restore(packageFolder: string, folder: string): Promise<void> {
  const before = join(folder, 'before');
  if (!existsSync(before)) return;
  for (const part of parts) {
    const made = join(packageFolder, part);
    if (!existsSync(join(folder, part))) await rm(made, { recursive: true, force: true });
    if (existsSync(join(before, part))) await rename(join(before, part), made);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user cannot be signalled, and is there all the same.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
