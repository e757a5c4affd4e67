import { randomUUID } from 'node:crypto';
import { Authority } from '../../../../src/access/authority.ts';
import type { ApiDeps } from '../../../../src/api/deps.ts';
import type { Caller, Device } from '../../../../src/core/types.ts';
import { NO_ZONES } from '../../access/tree.ts';
import { HERE, requireHere } from '../api-parts.ts';

const NODE = { name: { zh: '区', en: 'Area' }, parent: HERE, validFrom: null, validTo: null, successor: null };

/** Trees that have nothing in them yet. */
export function memoryTrees(
  get: (caller: Caller, id: string) => Promise<Device>,
): Pick<
  ApiDeps,
  'authority' | 'jurisdictions' | 'treeEdits' | 'departments' | 'departmentReport' | 'police' | 'policeOf'
> {
  return {
    authority: new Authority({ areasOf: () => [] }, NO_ZONES),
    jurisdictions: { list: () => [], totals: () => new Map() },
    treeEdits: {
      add: async (caller, { code, name, members }) => {
        requireHere(caller);
        return { ...NODE, code, name: { zh: name.zh, en: name.en ?? name.zh }, members };
      },
      setMembers: async (caller, code, members) => {
        requireHere(caller);
        return { ...NODE, code, members };
      },
    },
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
    police: {
      list: () => ({ items: [], next: null }),
      add: async (caller, { bounds, ...input }) => {
        requireHere(caller);
        return { ...input, hasBounds: bounds !== null };
      },
      setBounds: async (caller, code, bounds) => {
        requireHere(caller);
        return { code, name: '所', level: 'station', parent: null, jurisdiction: HERE, hasBounds: bounds !== null };
      },
    },
    policeOf: { set: (caller, id) => get(caller, id) },
  };
}
