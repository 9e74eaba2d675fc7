import { defineConfig } from 'vite';

/** Memory that threads share; a server of your own must send these as well. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  // So that the page can lie in any folder of a site.
  base: './',
  // What is not there is not there, rather than the page again.
  appType: 'mpa',
  // Packages from their sources, which need no build.
  resolve: { conditions: ['@neverend/source', 'module', 'browser', 'development|production'] },
  server: { headers },
  preview: { headers },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    // TensorFlow.js is larger than what Vite warns of.
    chunkSizeWarningLimit: 2000,
    // The worker's bundle takes most of the time, as it must.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
