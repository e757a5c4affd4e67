import type { Caller, DeviceId } from '../../../core/types.ts';
import { DeviceChanges } from '../../../devices/bulk/changes.ts';
import { IMPORT_QUEUE, Imports } from '../../../devices/import-export/jobs/imports.ts';
import type { EditDeps } from '../../../devices/import-export/one-transaction.ts';
import type { DeviceSearch } from '../../../devices/search/search.ts';
import type { Tables } from '../../../platform/database/database.ts';
import { Seal } from '../../../platform/secrets/seal.ts';
import type { Twin } from '../../../telemetry/twin/twin.ts';
import type { Ground } from '../ground/ground.ts';
import type { Devices } from './devices.ts';

/** One import after the other: each writes for itself as fast as the database takes it. */
const AT_ONCE = 1;

/** Devices from spreadsheets, and the worker that applies their rows. */
export function composeImports(
  ground: Ground,
  { standing }: Pick<Devices, 'standing'>,
  { registry, search }: { registry: EditDeps; search: DeviceSearch },
  twin: Pick<Twin, 'presence'>,
): { imports: Imports; deviceChanges: DeviceChanges } {
  const { database, clock, keys, work, doorbell } = ground;
  const deps = {
    database,
    registry,
    clock,
    standing: (tx: Tables, caller: Caller) => standing.now(caller, 'registry.edit', tx),
    seal: new Seal(keys.vault, { purpose: 'citywatch imports', what: 'row of an import' }),
    wasHeard: (id: DeviceId) => twin.presence(id).presence !== 'not-yet-seen',
    ring: (queue: string) => doorbell.ring(queue),
  };
  const imports = new Imports(deps);
  work.handle(IMPORT_QUEUE, (id, signal) => imports.handle(id, signal), { atOnce: AT_ONCE });
  return { imports, deviceChanges: new DeviceChanges({ imports: deps, list: imports.list, search }) };
}
