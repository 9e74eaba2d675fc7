import { publicPackages } from './tools/packages.mjs';

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'neverend',
  entryPointStrategy: 'packages',
  entryPoints: publicPackages().map(({ folder }) => folder),
  packageOptions: {
    entryPoints: ['src/index.ts'],
    tsconfig: 'tsconfig.json',
    skipErrorChecking: true,
    disableGit: true,
    gitRevision: 'main',
    sourceLinkTemplate: 'https://github.com/neverend-ml/neverend/blob/{gitRevision}/{path}#L{line}',
    includeVersion: true,
    excludeInternal: true,
  },
  out: 'docs/api',
  treatWarningsAsErrors: true,
};
