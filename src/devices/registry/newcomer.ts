import { randomUUID } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';
import type { Device, DeviceId } from '../../core/types.ts';
import { jsonb, sql, type Tables } from '../../platform/database/database.ts';
import { storedLocation } from './checks.ts';
import type { StoredOnvif, StoredStream } from './connections.ts';
import type { DeviceInput } from './input.ts';
import type { RegistryTables } from './tables.ts';

/** A device that is not there yet, with the unit that will stand at its place. */
export interface Newcomer {
  id: DeviceId;
  input: DeviceInput;
  secretHash: Buffer;
  stream: StoredStream | null;
  onvif: StoredOnvif | null;
  atMs: number;
}

/**
 * Inserts a device without its parent and cameras, and resolves with it as it then stands in the tables: nobody has to
 * read it back. Errors: `conflict.exists`.
 */
export async function insertNewcomer(tx: Tables, newcomer: Newcomer): Promise<Device> {
  const { id, input, secretHash, atMs } = newcomer;
  const { kind, name, jurisdiction, purpose = null } = input;
  const location = storedLocation(input.location);
  const unitId = randomUUID();
  const hardware = { maker: null, model: null, serial: null, firmware: null };
  // One statement and not three: registering a city is made of round trips.
  const taken = await tx
    .tables<RegistryTables>()
    .with('taken', (cte) =>
      cte
        .insertInto('position')
        .values(positionOf(newcomer, location))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning('id'),
    )
    .with('made', (cte) =>
      cte
        .insertInto('unit')
        .values({ id: unitId, ...hardware, secret_hash: secretHash, created_at_ms: atMs })
        .returning('id'),
    )
    .insertInto('assignment')
    .columns(['position_id', 'unit_id', 'from_ms', 'to_ms'])
    .expression((from) =>
      from
        .selectFrom(['taken', 'made'])
        .select(['taken.id', 'made.id as unit'])
        .select([sql<number>`${atMs}::bigint`.as('from_ms'), sql<number | null>`null::bigint`.as('to_ms')]),
    )
    .returning('position_id')
    .executeTakeFirst();
  if (!taken) throw new CitywatchError('conflict.exists', { detail: 'A device with this id exists already.' });
  return {
    id,
    kind,
    name,
    jurisdiction,
    location,
    parent: null,
    cameras: [],
    purpose,
    state: 'active',
    unit: { id: unitId, ...hardware },
    version: 1,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  };
}

/** The row of its place, without parent. */
function positionOf({ id, input, stream, onvif, atMs }: Newcomer, location: Device['location']) {
  const { kind, name, jurisdiction, purpose = null } = input;
  return {
    id,
    kind,
    name,
    jurisdiction,
    parent: null,
    purpose,
    state: 'active' as const,
    ...location,
    stream: stream && jsonb(stream),
    onvif: onvif && jsonb(onvif),
    version: 1,
    created_at_ms: atMs,
    updated_at_ms: atMs,
  };
}
