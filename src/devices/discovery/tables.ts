import type { Caller } from '../../core/types.ts';
import { type Generated, type Selectable, sql, type Tables } from '../../platform/database/database.ts';
import type { Finding } from './finding.ts';

export type DiscoveryState = 'waiting' | 'running' | 'done' | 'cancelled';

/** Tables of migration 0222; what each column means stands there. */
export interface DiscoveryTables {
  discovery: {
    id: string;
    caller: Caller;
    jurisdiction: string;
    state: DiscoveryState;
    multicast: boolean;
    listen_ms: number;
    probed: Generated<boolean>;
    cidr: string | null;
    ports: number[];
    address_count: number;
    next_address: Generated<number>;
    interfaces: number | null;
    dropped: Generated<number>;
    malformed: Generated<number>;
    created_at_ms: number;
    ended_at_ms: number | null;
  };
  discovery_found: Omit<Finding, 'gone'> & { discovery: string; gone: boolean; found_at_ms: number };
}

export type DiscoveryRow = Selectable<DiscoveryTables['discovery']>;

/** What one job may find; a network of cameras that has more is looked at part by part. */
const FOUND_MAX = 10_000;

/** Notes what was found; a later word of the same door adds to an earlier one, and takes nothing from it. */
export async function noteFound(
  tx: Tables,
  { id, findings, atMs }: { id: string; findings: readonly Finding[]; atMs: number },
): Promise<void> {
  if (findings.length === 0) return;
  const of = <Value>(value: (finding: Finding) => Value): Value[] => findings.map(value);
  await sql`
    insert into discovery_found (discovery, door, address, xaddr, how, endpoint, maker, model, name, serial, firmware,
      answer, gone, found_at_ms)
    select ${id}, told.*, ${atMs}::bigint from unnest(
      ${of(({ door }) => door)}::text[], ${of(({ address }) => address)}::text[], ${of(({ xaddr }) => xaddr)}::text[],
      ${of(({ how }) => how)}::text[], ${of(({ endpoint }) => endpoint)}::text[], ${of(({ maker }) => maker)}::text[],
      ${of(({ model }) => model)}::text[], ${of(({ name }) => name)}::text[], ${of(({ serial }) => serial)}::text[],
      ${of(({ firmware }) => firmware)}::text[], ${of(({ answer }) => answer)}::text[],
      ${of(({ gone }) => gone)}::boolean[])
      as told (door, address, xaddr, how, endpoint, maker, model, name, serial, firmware, answer, gone)
    where (select count(*) from discovery_found where discovery = ${id}) < ${FOUND_MAX}
      or exists (select from discovery_found as known where known.discovery = ${id} and known.door = told.door)
    on conflict (discovery, door) do update set
      endpoint = coalesce(excluded.endpoint, discovery_found.endpoint),
      maker = coalesce(excluded.maker, discovery_found.maker),
      model = coalesce(excluded.model, discovery_found.model),
      name = coalesce(excluded.name, discovery_found.name),
      serial = coalesce(excluded.serial, discovery_found.serial),
      firmware = coalesce(excluded.firmware, discovery_found.firmware),
      answer = case when excluded.answer = 'silent' then discovery_found.answer else excluded.answer end,
      gone = excluded.gone`.execute(tx.tables());
}
