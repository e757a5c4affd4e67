import type { Slot } from '../../core/slots.ts';
import { sql, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import type { AlertTables } from '../desk/tables.ts';
import { subjectText } from './conditions/subject.ts';
import type { SubjectStates } from './engine.ts';

/** Whose the subjects of rules are. */
export interface OwnersOfSubjects {
  /** The slot of a subject as it is written: a device, or something else, like a district. */
  slotOf(subject: string): Slot;
  ownership: Pick<Ownership, 'ownerOf' | 'refused'>;
}

/**
 * Stores the states of subjects, in the transaction that holds what they led to. The column `device` has the subject as
 * it is written: a device by its id alone, as ever. Throws `lease.lost` where an owner of a higher epoch wrote one.
 */
export async function storeStates(
  tx: Tables,
  subjects: SubjectStates[],
  { slotOf, ownership }: OwnersOfSubjects,
): Promise<void> {
  const db = tx.tables<AlertTables>();
  const isGone = ({ states }: SubjectStates): boolean => Object.keys(states).length === 0;
  const gone = subjects.filter(isGone).map(({ subject }) => subjectText(subject));
  const kept = subjects.filter((one) => !isGone(one));
  if (gone.length > 0) await db.deleteFrom('rule_state').where('device', 'in', gone).execute();
  if (kept.length === 0) return;
  const stored = await db
    .insertInto('rule_state')
    .values(
      kept.map(({ subject, states, ...one }) => {
        const device = subjectText(subject);
        const slot = slotOf(device);
        return { ...one, device, states: JSON.stringify(states), slot, epoch: ownership.ownerOf(slot).epoch };
      }),
    )
    .onConflict((conflict) =>
      conflict
        .column('device')
        .doUpdateSet({
          kind: sql<string>`excluded.kind`,
          jurisdiction: sql<string>`excluded.jurisdiction`,
          states: sql<string>`excluded.states`,
          slot: sql<Slot>`excluded.slot`,
          epoch: sql<number>`excluded.epoch`,
        })
        .where(sql<boolean>`rule_state.epoch <= excluded.epoch`),
    )
    .executeTakeFirstOrThrow();
  if (Number(stored.numInsertedOrUpdatedRows) < kept.length) throw ownership.refused('the states of rules');
}
