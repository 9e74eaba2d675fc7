import { parseArgs } from 'node:util';
import { checkEmptyValues, exitStatus, UsageError } from '@neverend/command-line';

const usage = `npm run demo -- [options]

  --port N     default: 8080, or the next that is free
  --host NAME  from where it can be reached, default: this machine; 0.0.0.0 for all of the network. Browsers give pages
               a camera on this machine and over https alone
  --build      only writes the page into apps/demo/dist, for a server of your own
`;

try {
  await main();
} catch (error) {
  process.stderr.write(`error: ${(error as Error).message}\n`);
  process.exitCode = exitStatus(error);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      build: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  checkEmptyValues(values);
  const { host } = values;
  const port = values.port === undefined ? undefined : portOf(values.port);
  process.stderr.write('building the page\n');
  // Vite takes seconds to load, which a message of how to use this should not wait for.
  const { buildDemo, serveDemo } = await import('./server/serve-demo.ts');
  await buildDemo();
  if (values.build) {
    process.stderr.write('it is in apps/demo/dist; apps/demo/README.md names the headers\n');
    return;
  }
  const { addresses } = await serveDemo({
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
  });
  process.stderr.write('the page is served until you press Ctrl-C, at\n');
  for (const address of addresses) process.stdout.write(`${address}\n`);
}

/** @throws UsageError when it is none. */
function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port was ${text}; it must be a number from 0 to 65535`);
}
