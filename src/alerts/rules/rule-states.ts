import type { Slot } from '../../core/slots.ts';
import { sql } from '../../platform/database/database.ts';
import type { NamedStatement, Ownership } from '../../platform/database/ownership.ts';
import { listOf } from '../../platform/database/prepared.ts';
import { subjectText } from './conditions/subject.ts';
import type { SubjectStates } from './engine.ts';

/** Whose the subjects of rules are. */
export interface OwnersOfSubjects {
  /** The slot of a subject as it is written: a device, or something else, like a district. */
  slotOf(subject: string): Slot;
  ownership: Pick<Ownership, 'ownerOf'>;
}

/**
 * What stores the states of subjects as part of a larger statement: `kept` returns a row for each that no later owner
 * has written. The column `device` has the subject as it is written: a device by its id alone, as ever.
 */
export function keepingStates(subjects: readonly SubjectStates[], { slotOf, ownership }: OwnersOfSubjects) {
  const gone = subjects.filter(isGone).map(({ subject }) => subjectText(subject));
  const kept = subjects
    .filter((one) => !isGone(one))
    .map(({ subject, states, kind, jurisdiction }) => {
      const device = subjectText(subject);
      const slot = slotOf(device);
      return { device, kind, jurisdiction, states, slot, epoch: ownership.ownerOf(slot).epoch };
    });
  const statements: NamedStatement[] = [
    {
      name: 'forgotten',
      body: sql`delete from rule_state using owner where device = any (${listOf('text', gone)})`,
    },
    {
      name: 'kept',
      body: sql`
        insert into rule_state (device, kind, jurisdiction, states, slot, epoch)
        select given.device, given.kind, given.jurisdiction, given.states, given.slot, given.epoch
        from owner, jsonb_populate_recordset(null::rule_state, ${JSON.stringify(kept)}::jsonb) as given
        on conflict (device) do update set kind = excluded.kind, jurisdiction = excluded.jurisdiction,
          states = excluded.states, slot = excluded.slot, epoch = excluded.epoch
        where rule_state.epoch <= excluded.epoch
        returning device`,
    },
  ];
  return { statements, count: kept.length };
}

function isGone({ states }: SubjectStates): boolean {
  return Object.keys(states).length === 0;
}
