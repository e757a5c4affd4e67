import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { ShownCertificate } from '../../core/registry/unit.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../platform/database/database.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { StaysRequest } from './history.ts';

/** A certificate that ends, and where the unit hangs that shows it. */
export interface EndingCertificate extends ShownCertificate {
  device: DeviceId;
  name: string;
  kind: string;
  jurisdiction: Jurisdiction;
}

/** Which units show certificates that ended or will end; as far as the caller may see the positions. */
export class UnitCertificates {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Those that end before `beforeMs`, the next to end first. Retired positions are left out. */
  async ending(
    caller: Caller,
    { beforeMs, limit, after }: StaysRequest & { beforeMs: number },
  ): Promise<{ items: EndingCertificate[]; next: string | null }> {
    const query = this.#database
      .tables<RegistryTables>()
      .selectFrom('unit')
      .innerJoin('assignment', (join) => join.onRef('unit_id', '=', 'unit.id').on('to_ms', 'is', null))
      .innerJoin('position', 'position.id', 'assignment.position_id')
      .select(['unit.id as unit_id', 'unit.cert_fingerprint', 'unit.cert_subject', 'unit.cert_not_after_ms'])
      .select(['position.id', 'position.name', 'position.kind', 'position.jurisdiction'])
      .where('unit.cert_not_after_ms', '<', beforeMs)
      .where('position.state', '!=', 'retired')
      .orderBy('unit.cert_not_after_ms')
      .orderBy('unit.id')
      .limit(limit + 1);
    const [fromMs, unit = ''] = after?.split(' ') ?? [];
    const later = sql<boolean>`(unit.cert_not_after_ms, unit.id) > (${fromMs ?? 0}::bigint, ${unit})`;
    const rows = await withinJurisdiction(
      query.where(later),
      'position.jurisdiction',
      caller,
      'position.police',
    ).execute();
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const items = shown.map(({ id, name, kind, jurisdiction, ...row }) => ({
      device: id,
      name,
      kind,
      jurisdiction,
      fingerprint: row.cert_fingerprint!,
      subject: row.cert_subject!,
      notAfterMs: row.cert_not_after_ms!,
    }));
    return { items, next: rows.length > limit && last ? `${last.cert_not_after_ms} ${last.unit_id}` : null };
  }
}
