// `npm run build` and `npm run typecheck`: sets up, then runs turbo, which calls pnpm by its name, where the pinned one is found.
import { setUp } from './setup.mjs';
import { main, runNode, toolScript } from './workspace.mjs';

await main(async () => {
  await setUp();
  return runNode([toolScript('turbo', 'bin', 'turbo'), ...process.argv.slice(2)]);
});
