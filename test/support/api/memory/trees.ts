import { randomUUID } from 'node:crypto';
import { Authority } from '../../../../src/access/authority.ts';
import type { ApiDeps } from '../../../../src/api/deps.ts';
import { codeAlone } from '../../../../src/core/jurisdiction.ts';
import type { Caller, Device } from '../../../../src/core/types.ts';
import { NO_ZONES } from '../../access/tree.ts';
import { HERE, requireHere } from '../api-parts.ts';

const NODE = {
  name: { zh: '区', en: 'Area' },
  parent: HERE,
  validFrom: null,
  validTo: null,
  successor: null,
  hasBounds: false,
};

const DAYS = { validFrom: null, validTo: null, successor: null };
const DEPARTMENT = { ...DAYS, id: 'd-1', jurisdiction: HERE, name: { zh: '局', en: null }, names: [] };
const STATION = { ...DAYS, name: '所', level: 'station' as const, parent: null, jurisdiction: HERE };

function of<Shown>(caller: Caller, shown: Shown): Shown {
  requireHere(caller);
  return shown;
}

/** Trees that have nothing in them yet. */
export function memoryTrees(
  get: (caller: Caller, id: string) => Promise<Device>,
): Pick<
  ApiDeps,
  'authority' | 'jurisdictions' | 'treeEdits' | 'departments' | 'departmentReport' | 'police' | 'policeOf'
> {
  return {
    authority: new Authority({ areasOf: () => [] }, NO_ZONES),
    jurisdictions: { list: () => [], totals: () => new Map(), area: codeAlone, around: () => null },
    treeEdits: {
      add: async (caller, { code, name, members }) => {
        requireHere(caller);
        return { ...NODE, code, name: { zh: name.zh, en: name.en ?? name.zh }, members };
      },
      setMembers: async (caller, code, members) => of(caller, { ...NODE, code, members }),
      setBounds: async (caller, code, bounds) => of(caller, { ...NODE, code, members: [], hasBounds: bounds !== null }),
      rename: async (caller, code) => of(caller, { ...NODE, code, members: [] }),
      end: async (caller, code) => of(caller, { ...NODE, code, members: [] }),
    },
    departments: {
      list: () => [],
      add: async (caller, { replaces: _, ...input }) => of(caller, { id: randomUUID(), ...input }),
      rename: async (caller) => of(caller, DEPARTMENT),
      end: async (caller) => of(caller, DEPARTMENT),
      named: () => null,
      inForce: (department) => department,
    },
    departmentReport: { of: async () => [] },
    police: {
      list: () => ({ items: [], next: null }),
      below: () => [],
      add: async (caller, { bounds, replaces: _, ...input }) =>
        of(caller, { ...input, validTo: null, successor: null, hasBounds: bounds !== null }),
      setBounds: async (caller, code, bounds) => of(caller, { ...STATION, code, hasBounds: bounds !== null }),
      rename: async (caller, code) => of(caller, { ...STATION, code, hasBounds: false }),
      end: async (caller, code) => of(caller, { ...STATION, code, hasBounds: false }),
    },
    policeOf: { set: (caller, id) => get(caller, id) },
  };
}
