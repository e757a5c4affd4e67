import { randomUUID } from 'node:crypto';
import { CitywatchError } from '../../core/errors.ts';
import type { DeviceUnit } from '../../core/registry/unit.ts';
import type { Device, DeviceId, Location } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import { FILE_COLUMNS, fileColumns, newFile } from '../file/file.ts';
import { gbIdIsTaken } from '../file/file-change.ts';
import type { StoredOnvif, StoredStream } from './connections.ts';
import type { DeviceInput } from './input.ts';
import type { RegistryTables } from './tables.ts';

/** A device that is not there yet. */
export interface Newcomer {
  id: DeviceId;
  input: DeviceInput;
  /** The location of the input as it is stored. */
  location: Location;
  secretHash: Buffer;
  stream: StoredStream | null;
  onvif: StoredOnvif | null;
  /** What hangs there; absent where nothing is known of it. */
  unit?: Hardware;
}

export type Hardware = Omit<DeviceUnit, 'id' | 'certificate'>;

const FILE = Object.values(FILE_COLUMNS);
const OF_FILE = sql.join(FILE.map((column) => sql.ref(column)));
const OF_FILE_OF_COMING = sql.join(FILE.map((column) => sql.ref(`of_file.${column}`)));

const NO_HARDWARE: Hardware = {
  maker: null,
  model: null,
  serial: null,
  mac: null,
  endpoint: null,
  firmware: null,
};

/**
 * Inserts devices without their parents and cameras, each with the unit that stands at its place, all at `atMs`.
 * Resolves with them in the same order as they then stand in the tables, so that nobody has to read them back; with
 * `conflict.exists` for one whose id or GB/T 28181 id is taken, be it by an earlier one of the list.
 */
export async function insertNewcomers(
  tx: Tables,
  newcomers: readonly Newcomer[],
  atMs: number,
): Promise<(Device | CitywatchError)[]> {
  const firsts = new Map<DeviceId, Newcomer>();
  for (const newcomer of newcomers) if (!firsts.has(newcomer.id)) firsts.set(newcomer.id, newcomer);
  const devices = new Map([...firsts].map(([id, newcomer]) => [id, deviceOf(newcomer, atMs)]));
  const made = await insert(tx, firsts, devices);
  const known = await knownOf(
    tx,
    [...devices.values()].filter(({ id, file }) => file.gbId && !made.has(id)),
  );
  return newcomers.map((newcomer) => {
    const { id } = newcomer;
    const device = devices.get(id)!;
    if (firsts.get(id) !== newcomer) return exists();
    const police = made.get(id);
    if (police !== undefined) return { ...device, police };
    return device.file.gbId === undefined || known.has(id) ? exists() : gbIdIsTaken();
  });
}

/** The refusal of an id that is taken. */
export function exists(): CitywatchError {
  return new CitywatchError('conflict.exists', { detail: 'A device with this id exists already.' });
}

/** Which of these ids are there. */
async function knownOf(tx: Tables, devices: readonly Device[]): Promise<Set<DeviceId>> {
  if (devices.length === 0) return new Set();
  const ids = devices.map(({ id }) => id);
  const found = tx.tables<RegistryTables>().selectFrom('position').select('id').where('id', 'in', ids);
  return new Set((await found.execute()).map(({ id }) => id));
}

function deviceOf({ id, input, location, unit = NO_HARDWARE }: Newcomer, atMs: number): Device {
  const { kind, name, jurisdiction, purpose = null, state } = input;
  return {
    id,
    kind,
    name,
    jurisdiction,
    location,
    parent: null,
    cameras: [],
    purpose,
    accessClass: input.accessClass ?? 'public',
    police: null,
    file: newFile(input.file),
    state,
    unit: { id: randomUUID(), ...unit, certificate: null },
    version: 1,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  };
}

/**
 * One statement whatever their number: registering a city is made of round trips. Resolves with the ids it made, and
 * with the police agency of each, which the database works out.
 */
async function insert(
  tx: Tables,
  newcomers: ReadonlyMap<DeviceId, Newcomer>,
  devices: ReadonlyMap<DeviceId, Device>,
): Promise<Map<DeviceId, string | null>> {
  const all = [...devices.values()];
  const of = <Value>(value: (device: Device) => Value): Value[] => all.map(value);
  const stored = <Value>(value: (newcomer: Newcomer) => Value): Value[] =>
    all.map(({ id }) => value(newcomers.get(id)!));
  const { rows } = await sql<Pick<RegistryTables['position'], 'id' | 'police'>>`
    with come as (
      select * from unnest(
        ${of(({ id }) => id)}::text[], ${of(({ kind }) => kind)}::text[], ${of(({ name }) => name)}::text[],
        ${of(({ jurisdiction }) => jurisdiction)}::text[], ${of(({ location }) => location.lat)}::float8[],
        ${of(({ location }) => location.lon)}::float8[], ${of(({ location }) => location.datum)}::text[],
        ${of(({ purpose }) => purpose)}::text[], ${of(({ state }) => state)}::text[],
        ${stored(({ stream }) => stream && JSON.stringify(stream))}::jsonb[],
        ${stored(({ onvif }) => onvif && JSON.stringify(onvif))}::jsonb[],
        ${of(({ version }) => version)}::bigint[], ${of(({ createdAtMs }) => createdAtMs)}::bigint[],
        ${of(({ accessClass }) => accessClass)}::text[],
        ${of(({ file }) => JSON.stringify({ tags: [], ...fileColumns(file) }))}::jsonb[],
        ${of(({ unit }) => unit!.id)}::text[], ${of(({ unit }) => JSON.stringify(unit))}::jsonb[],
        ${stored(({ secretHash }) => secretHash)}::bytea[]
      ) with ordinality as come (id, kind, name, jurisdiction, lat, lon, datum, purpose, state, stream, onvif, version,
                                 at_ms, access_class, file, unit_id, unit, secret_hash, nth)
    ), taken as (
      insert into position (id, kind, name, jurisdiction, lat, lon, datum, purpose, state, stream, onvif, version,
                            created_at_ms, updated_at_ms, access_class, ${OF_FILE})
      select come.id, come.kind, come.name, come.jurisdiction, come.lat, come.lon, come.datum, come.purpose, come.state,
             come.stream, come.onvif, come.version, at_ms, at_ms, come.access_class, ${OF_FILE_OF_COMING}
      from come cross join lateral jsonb_populate_record(null::"position", come.file) of_file
      order by nth on conflict do nothing returning id, police
    ), made as (
      insert into unit (id, secret_hash, created_at_ms, maker, model, serial, mac, endpoint, firmware)
      select unit_id, secret_hash, at_ms, unit ->> 'maker', unit ->> 'model', unit ->> 'serial', unit ->> 'mac',
             unit ->> 'endpoint', unit ->> 'firmware' from come join taken using (id)
    ), placed as (
      insert into assignment (position_id, unit_id, from_ms)
      select id, unit_id, at_ms from come join taken using (id)
    )
    select id, police from taken`.execute(tx.tables());
  return new Map(rows.map(({ id, police }) => [id, police]));
}
