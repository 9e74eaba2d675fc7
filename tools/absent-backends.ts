// Names each backend that this machine lacks, and the browser, on lines of their own, with what mends it. Exit code 1 when
// NEVEREND_REQUIRE asks for one of them, or for something that is no backend.
import { probeBackends } from '@neverend/backend';
import { runsInBrowser } from '@neverend/backend/testing';

const statuses = await probeBackends();
for (const status of statuses) {
  if (status.available) continue;
  const fix = status.fix === undefined ? '' : ` (mend it: ${status.fix})`;
  process.stdout.write(`backend ${status.name} is absent: ${status.reason}${fix}\n`);
}
runsInBrowser();

const required = (process.env['NEVEREND_REQUIRE'] ?? '').split(',').map((name) => name.trim());
const failures = required.flatMap((name) => {
  const status = statuses.find((candidate) => candidate.name === name);
  if (name === '' || status?.available) return [];
  const names = statuses.map((candidate) => candidate.name).join(', ');
  const known = `NEVEREND_REQUIRE names ${JSON.stringify(name)}; it must list some of ${names}`;
  return [status ? `NEVEREND_REQUIRE asks for ${name}, which is absent` : known];
});
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
// Dawn's threads would keep the process alive.
process.exit(failures.length > 0 ? 1 : 0);
