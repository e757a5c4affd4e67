import { randomUUID } from 'node:crypto';
import type { ApiDeps } from '../../../../src/api/deps.ts';
import { requireHere } from '../api-parts.ts';

/** Trees that have nothing in them yet. */
export function memoryTrees(): Pick<ApiDeps, 'jurisdictions' | 'departments' | 'departmentReport'> {
  return {
    jurisdictions: { list: () => [] },
    departments: {
      list: () => [],
      add: async (caller, { replaces: _, ...input }) => {
        requireHere(caller);
        return { id: randomUUID(), ...input };
      },
      named: () => null,
      inForce: (department) => department,
    },
    departmentReport: { of: async () => [] },
  };
}
