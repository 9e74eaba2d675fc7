import {
  backendFolder,
  hashSources,
  type KernelPackage,
  kernelPackage,
} from '../native-sources.ts';

/** What an install leaves beside the addon: which packages' C++ is in it. */
export interface AddonManifest {
  /** The addon's file name. */
  readonly addon: string;
  readonly packages: readonly CompiledPackage[];
}

/** A package whose C++ an install found. */
export interface CompiledPackage {
  readonly name: string;
  readonly version: string;
  /** The hash of its sources. */
  readonly hash: string;
  /** Where its sources lie, from the manifest's folder, if people edit them there: nothing below a `node_modules`. */
  readonly checkout?: string;
  /** Why it is not in the addon. */
  readonly failure?: string;
}

/** The folder of a tfjs-node that holds the addon and its manifest. */
export function addonFolder(tfjsNode: string): string {
  const { join } = process.getBuiltinModule('node:path');
  return join(tfjsNode, 'lib', 'neverend');
}

const fileName = 'kernels.json';

/** Undefined where no install was made, or one of another version that wrote it otherwise. */
export function readAddonManifest(tfjsNode: string): AddonManifest | undefined {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  try {
    const text = readFileSync(join(addonFolder(tfjsNode), fileName), 'utf8');
    const manifest = JSON.parse(text) as AddonManifest;
    return typeof manifest.addon === 'string' && Array.isArray(manifest.packages)
      ? manifest
      : undefined;
  } catch {
    return undefined;
  }
}

/** Writes it at once: a start reads the old one or the new one. */
export function writeAddonManifest(tfjsNode: string, manifest: AddonManifest): void {
  const { renameSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const target = join(addonFolder(tfjsNode), fileName);
  const unfinished = `${target}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(manifest, null, 2)}\n`);
  renameSync(unfinished, target);
}

/** What a manifest says of a package, before it is known whether that compiles. */
export function describePackage(tfjsNode: string, of: KernelPackage): CompiledPackage {
  const { relative } = process.getBuiltinModule('node:path');
  const { name, version, folder } = of;
  const entry = { name, version, hash: hashSources(of) };
  return isCheckout(folder)
    ? { ...entry, checkout: relative(addonFolder(tfjsNode), folder) }
    : entry;
}

/** Whether the sources of a package in a checkout are other ones by now. One that is not there any more is as it was. */
export function hasChanged(tfjsNode: string, { checkout, hash }: CompiledPackage): boolean {
  if (checkout === undefined) return false;
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const folder = join(addonFolder(tfjsNode), checkout);
  if (!existsSync(join(folder, 'package.json'))) return false;
  const now = kernelPackage(folder);
  return now !== undefined && hashSources(now) !== hash;
}

/** The command that makes tfjs-node work, with an addon of the sources as they are. */
export function installCommand({ gpu = false }: { readonly gpu?: boolean } = {}): string {
  if (isInWorkspace()) return `npm run tensorflow${gpu ? ' -- --gpu' : ''}`;
  // npx takes the bare name of a command for that of a package, which may be anybody's.
  return `npx -p @neverend/backend neverend-backend install${gpu ? ' --gpu' : ''}`;
}

/** The same where no tfjs-node is installed. */
export function firstInstallCommand(): string {
  const install = installCommand();
  return isInWorkspace()
    ? install
    : `npm install --ignore-scripts @tensorflow/tfjs-node && ${install}`;
}

/** Whether this package runs in a checkout of its repository, where `npm run tensorflow` also sees to tfjs-node. */
function isInWorkspace(): boolean {
  try {
    return isCheckout(backendFolder());
  } catch {
    // A bundled program has no package of its own.
    return false;
  }
}

const isCheckout = (folder: string): boolean => !/[\\/]node_modules[\\/]/.test(folder);
