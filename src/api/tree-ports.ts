import type { Colleagues } from '../access/tree/colleagues.ts';
import type { Jurisdictions } from '../access/tree/jurisdictions.ts';
import type { TreeEdits } from '../access/tree/tree-edits.ts';
import type { Departments } from '../devices/departments/departments.ts';
import type { DepartmentReport } from '../devices/departments/report.ts';
import type { PoliceAgencies } from '../devices/police/agencies.ts';
import type { PoliceOfDevice } from '../devices/police/police-of-device.ts';

/** What the API asks of the trees of areas, of departments and of the police. */
export interface TreePorts {
  /** Who sees a place and may do something there, and what people are called. */
  colleagues: Pick<Colleagues, 'list' | 'names'>;
  jurisdictions: Pick<Jurisdictions, 'list' | 'totals' | 'area' | 'around'>;
  treeEdits: Pick<TreeEdits, 'add' | 'setMembers' | 'setBounds' | 'rename' | 'end'>;
  departments: Pick<Departments, 'list' | 'add' | 'rename' | 'end' | 'named' | 'inForce'>;
  departmentReport: Pick<DepartmentReport, 'of'>;
  police: Pick<PoliceAgencies, 'list' | 'below' | 'add' | 'setBounds' | 'rename' | 'end'>;
  policeOf: Pick<PoliceOfDevice, 'set'>;
}
