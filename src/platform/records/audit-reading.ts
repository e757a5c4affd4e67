import type { Caller } from '../../core/types.ts';
import type { Tables } from '../database/database.ts';
import type { AccessRegister } from './access-register.ts';
import { type AuditEntry, listAudit } from './audit.ts';

/** As {@link listAudit}, for people: who reads, and about what, stands in the access register before the first row. */
export async function readAudit(
  { database, register }: { database: Tables; register: Pick<AccessRegister, 'add'> },
  caller: Caller,
  filter: Parameters<typeof listAudit>[2],
): Promise<AuditEntry[]> {
  await register.add({
    viewer: caller,
    act: 'audit',
    device: null,
    jurisdiction: caller.jurisdiction,
    purpose: caller.purpose ?? 'oversight',
    case: null,
    asked: { subject: filter.subject ?? null, beforeSeq: filter.beforeSeq ?? null, limit: filter.limit },
  });
  return listAudit(database, caller, filter);
}
