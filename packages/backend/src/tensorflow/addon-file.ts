/** The C++ sources of the addon, as this package ships them. @throws where they are not, as in a bundled program. */
export function addonSources(): string[] {
  // Static imports of Node's modules would end up in bundles for browsers.
  const { createRequire } = process.getBuiltinModule('node:module');
  const { readdirSync } = process.getBuiltinModule('node:fs');
  const { dirname, join } = process.getBuiltinModule('node:path');
  const manifest = createRequire(import.meta.url).resolve('@neverend/backend/package.json');
  const folder = join(dirname(manifest), 'src', 'tensorflow', 'addon');
  return readdirSync(folder)
    .sort()
    .map((file) => join(folder, file));
}

/** Where the addon of these very sources lies in a tfjs-node: an addon of other sources is not taken for it. */
export function addonFile(packageFolder: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto');
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  const hash = createHash('sha256');
  for (const file of addonSources()) hash.update(readFileSync(file));
  const name = `kernels-${hash.digest('hex').slice(0, 12)}.node`;
  return join(packageFolder, 'lib', 'neverend', name);
}
