import type { AlertRow } from '../../desk/tables.ts';
import type { Change, Stage } from './stage.ts';

/** What is asked of the departments, the rules and the registry. From memory. */
export interface DepartmentsPort {
  /** Ids of those that an alert concerns, as they are today: that its rule names, and that answers for its device. */
  concernedBy(alert: Pick<AlertRow, 'rule' | 'device' | 'jurisdiction'>): readonly string[];
  /** What stands today in the place of the department of this id. */
  inForce(id: string): string;
}

/**
 * Notes of each alert which departments it concerns, once: whoever is told of its beginning is told of its end, also
 * where its device has another owner by then.
 */
export function departments(port: DepartmentsPort): Stage<null> {
  return {
    name: 'departments',
    needed: false,
    locks: false,
    read: async () => null,
    run: (changes) => ({ changes: changes.map((change) => withDepartments(change, port)), timers: [] }),
  };
}

function withDepartments(change: Change, port: DepartmentsPort): Change {
  if (change.alert.departments !== null) return change;
  return { ...change, alert: { ...change.alert, departments: [...port.concernedBy(change.alert)] } };
}
