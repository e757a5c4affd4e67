import type { Jurisdiction } from '../../core/jurisdiction.ts';

/** Says of the files of positions which of them mean a department. */
export interface OwnersPort {
  /** Every name by which files call it or what it followed. */
  namesOf(department: string): string[];
  owns(department: string, owner: string, jurisdiction: Jurisdiction): boolean;
}
