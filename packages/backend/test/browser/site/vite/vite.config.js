// Memory that threads share; your own server must send these as well.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default {
  server: { headers },
  preview: { headers },
  // The packages load backends when they are asked for, which workers in Vite's older format cannot.
  worker: { format: 'es' },
};
