import { IMPORT_QUEUE, Imports } from '../../../devices/import-export/jobs/imports.ts';
import type { EditDeps } from '../../../devices/import-export/one-transaction.ts';
import { Seal } from '../../../platform/secrets/seal.ts';
import type { Twin } from '../../../telemetry/twin/twin.ts';
import type { Ground } from '../ground/ground.ts';

/** One import after the other: each writes for itself as fast as the database takes it. */
const AT_ONCE = 1;

/** Devices from spreadsheets, and the worker that applies their rows. */
export function composeImports(ground: Ground, registry: EditDeps, twin: Pick<Twin, 'presence'>): Imports {
  const { database, clock, keys, work, doorbell } = ground;
  const imports = new Imports({
    database,
    registry,
    clock,
    seal: new Seal(keys.vault, { purpose: 'citywatch imports', what: 'row of an import' }),
    wasHeard: (id) => twin.presence(id).presence !== 'not-yet-seen',
    ring: (queue) => doorbell.ring(queue),
  });
  work.handle(IMPORT_QUEUE, (id, signal) => imports.handle(id, signal), { atOnce: AT_ONCE });
  return imports;
}
