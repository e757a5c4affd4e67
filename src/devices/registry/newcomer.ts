import { randomUUID } from 'node:crypto';
import type { Device, DeviceId, Location } from '../../core/types.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
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
}

const NO_HARDWARE = { maker: null, model: null, serial: null, firmware: null };

/**
 * Inserts devices without their parents and cameras, each with the unit that stands at its place, all at `atMs`.
 * Resolves with them in the same order as they then stand in the tables, so that nobody has to read them back; null for
 * one whose id is taken, be it by an earlier one of the list.
 */
export async function insertNewcomers(
  tx: Tables,
  newcomers: readonly Newcomer[],
  atMs: number,
): Promise<(Device | null)[]> {
  const firsts = new Map(newcomers.toReversed().map((newcomer) => [newcomer.id, newcomer]));
  const devices = new Map([...firsts].map(([id, newcomer]) => [id, deviceOf(newcomer, atMs)]));
  const taken = await insert(tx, firsts, devices);
  return newcomers.map((newcomer) => {
    const { id } = newcomer;
    return taken.has(id) && firsts.get(id) === newcomer ? devices.get(id)! : null;
  });
}

function deviceOf({ id, input, location }: Newcomer, atMs: number): Device {
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
    state,
    unit: { id: randomUUID(), ...NO_HARDWARE },
    version: 1,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  };
}

/** One statement whatever their number: registering a city is made of round trips. Resolves with the ids it made. */
async function insert(
  tx: Tables,
  newcomers: ReadonlyMap<DeviceId, Newcomer>,
  devices: ReadonlyMap<DeviceId, Device>,
): Promise<Set<DeviceId>> {
  const all = [...devices.values()];
  const of = <Value>(value: (device: Device) => Value): Value[] => all.map(value);
  const stored = <Value>(value: (newcomer: Newcomer) => Value): Value[] =>
    all.map(({ id }) => value(newcomers.get(id)!));
  const { rows } = await sql<Pick<RegistryTables['position'], 'id'>>`
    with come as (
      select * from unnest(
        ${of(({ id }) => id)}::text[], ${of(({ kind }) => kind)}::text[], ${of(({ name }) => name)}::text[],
        ${of(({ jurisdiction }) => jurisdiction)}::text[], ${of(({ location }) => location.lat)}::float8[],
        ${of(({ location }) => location.lon)}::float8[], ${of(({ location }) => location.datum)}::text[],
        ${of(({ purpose }) => purpose)}::text[], ${of(({ state }) => state)}::text[],
        ${stored(({ stream }) => stream && JSON.stringify(stream))}::jsonb[],
        ${stored(({ onvif }) => onvif && JSON.stringify(onvif))}::jsonb[],
        ${of(({ version }) => version)}::bigint[], ${of(({ createdAtMs }) => createdAtMs)}::bigint[],
        ${of(({ unit }) => unit!.id)}::text[], ${stored(({ secretHash }) => secretHash)}::bytea[]
      ) as come (id, kind, name, jurisdiction, lat, lon, datum, purpose, state, stream, onvif, version, at_ms,
                 unit_id, secret_hash)
    ), taken as (
      insert into position (id, kind, name, jurisdiction, lat, lon, datum, purpose, state, stream, onvif, version,
                            created_at_ms, updated_at_ms)
      select id, kind, name, jurisdiction, lat, lon, datum, purpose, state, stream, onvif, version, at_ms, at_ms
      from come on conflict (id) do nothing returning id
    ), made as (
      insert into unit (id, secret_hash, created_at_ms)
      select unit_id, secret_hash, at_ms from come join taken using (id)
    ), placed as (
      insert into assignment (position_id, unit_id, from_ms)
      select id, unit_id, at_ms from come join taken using (id)
    )
    select id from taken`.execute(tx.tables());
  return new Set(rows.map(({ id }) => id));
}
