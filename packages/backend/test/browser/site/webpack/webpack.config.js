// Memory that threads share; your own server must send these as well.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default {
  mode: 'production',
  entry: { page: './page.js' },
  output: { publicPath: '/' },
  devServer: { headers },
};
