// Names each backend that this machine lacks, on a line of its own, with what mends it.
import { probeBackends } from '@neverend/backend';
import { useSoftwareGpu } from '@neverend/backend/testing';

useSoftwareGpu();
for (const status of await probeBackends()) {
  if (status.available) continue;
  const fix = status.fix === undefined ? '' : ` (mend it: ${status.fix})`;
  process.stdout.write(`backend ${status.name} is absent: ${status.reason}${fix}\n`);
}
// Dawn's threads would keep the process alive.
process.exit();
