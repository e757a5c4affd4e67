import type { OutagePorts } from '../../../alerts/route/stages/outage.ts';
import type { Stage } from '../../../alerts/route/stages/stage.ts';
import { type StagePorts, stagesOf } from '../../../alerts/route/stages/stages.ts';
import { deviceIn } from '../../../alerts/rules/conditions/subject.ts';
import type { RuleBook } from '../../../alerts/rules/rule-book.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Departments } from '../../../devices/departments/departments.ts';
import type { Directory } from '../../../devices/registry/directory.ts';
import { silencedDevices } from './silenced-devices.ts';

export interface StageSurroundings extends Pick<StagePorts, 'tree' | 'workDays' | 'ladder' | 'manned'> {
  clock: Clock;
  devices: Pick<Directory, 'get' | 'ids' | 'maintained'>;
  outages: Pick<OutagePorts, 'above' | 'lately' | 'beside'>;
  departments: Pick<Departments, 'meant' | 'standsFor'>;
}

/** What alerts pass through between what happened and who is told. */
export function composeStages(
  { tree, devices, workDays, clock, outages, ladder, manned, departments }: StageSurroundings,
  book: RuleBook,
): readonly Stage[] {
  const tellsSilence = (name: string) => book.current().some(({ rule, by }) => rule === name && by.clock === 'silence');
  return stagesOf({
    tree,
    outages: { ...outages, tellsSilence, nowMs: () => clock.nowMs() },
    devices: silencedDevices(devices),
    workDays,
    maintained: { above: (id) => devices.maintained(id) },
    ladder,
    manned,
    departments: {
      concernedBy: ({ rule, device: subject, jurisdiction }) => {
        const device = deviceIn(subject);
        const owner = device === null ? null : devices.get(device)?.labels?.owner;
        const named = [...book.departmentsOf(rule), ...(owner ? [owner] : [])];
        return [...new Set(named.flatMap((one) => departments.meant(one, jurisdiction)?.id ?? []))].sort();
      },
      inForce: (id) => departments.standsFor(id),
    },
  });
}
