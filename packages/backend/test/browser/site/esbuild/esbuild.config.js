// What `build` of esbuild is called with.
export const options = {
  // A worker is an entry of its own, beside the page's: esbuild leaves its address as it is.
  entryPoints: ['page.js', 'worker.js'],
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  splitting: true,
  minify: true,
  // A .wasm file is copied into `outdir`, and its import is its address.
  loader: { '.wasm': 'file' },
  publicPath: '/',
};
