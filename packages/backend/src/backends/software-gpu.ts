/** Where Debian's Chromium keeps the description of SwiftShader, a Vulkan driver in software. */
const swiftshader = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Variables that tell Vulkan's loader where its drivers are. */
const variables = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'VK_ADD_DRIVER_FILES'];

/**
 * On a Linux machine without any Vulkan driver, names Chromium's SwiftShader as the one to load, so that WebGPU can be
 * taken by its name and tested. Node only; what Dawn has started already does not see it.
 *
 * @param options `besideDrivers`: also where there are drivers, once they have found no GPU.
 * @returns whether it is named now and was not before.
 */
export function nameSoftwareGpu({
  besideDrivers = false,
}: {
  readonly besideDrivers?: boolean;
} = {}): boolean {
  const { existsSync, mkdirSync, readdirSync } = process.getBuiltinModule('node:fs');
  const { homedir, tmpdir } = process.getBuiltinModule('node:os');
  const { join } = process.getBuiltinModule('node:path');
  const { env } = process;
  if (variables.some((name) => env[name] !== undefined) || !existsSync(swiftshader)) return false;

  // What the loader searches, where no variable names drivers.
  const list = (name: string, standard: string) => (env[name] || standard).split(':');
  const folders = [
    ...list('XDG_CONFIG_HOME', join(homedir(), '.config')),
    ...list('XDG_CONFIG_DIRS', '/etc/xdg'),
    '/etc',
    ...list('XDG_DATA_HOME', join(homedir(), '.local/share')),
    ...list('XDG_DATA_DIRS', '/usr/local/share:/usr/share'),
  ].map((folder) => join(folder, 'vulkan', 'icd.d'));
  const hasDriver = folders.some(
    (folder) => existsSync(folder) && readdirSync(folder).some((file) => file.endsWith('.json')),
  );
  if (hasDriver && !besideDrivers) return false;

  env['VK_ICD_FILENAMES'] = swiftshader;
  if (env['XDG_RUNTIME_DIR'] === undefined) {
    const folder = join(tmpdir(), `neverend-runtime-${process.getuid?.() ?? 0}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    env['XDG_RUNTIME_DIR'] = folder;
  }
  return true;
}

/**
 * Gives what `nameSoftwareGpu` or the user set in a worker thread to the whole process: the thread has a copy of the environment, and
 * Vulkan's loader reads that of the process, which only the main thread can change.
 */
export async function shareDriverVariables(): Promise<void> {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads');
  const assignments = [...variables, 'XDG_RUNTIME_DIR']
    .filter((name) => process.env[name] !== undefined)
    .map((name) => `process.env.${name} ??= ${JSON.stringify(process.env[name])}`);
  if (isMainThread || assignments.length === 0) return;
  try {
    await evaluateInMainThread(assignments.join(';'));
  } catch {
    // A Node without an inspector: the loader goes by what the process had.
  }
}

async function evaluateInMainThread(expression: string): Promise<void> {
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  await new Promise<void>((resolve) => {
    // It also keeps this thread alive, and a main thread in a long native call does not answer.
    const patience = setTimeout(resolve, 2000);
    session.post('Runtime.evaluate', { expression }, () => {
      clearTimeout(patience);
      resolve();
    });
  });
  session.disconnect();
}
