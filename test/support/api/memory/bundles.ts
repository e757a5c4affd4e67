import type { AlertParts } from '../../../../src/api/alert-parts.ts';
import { requireHere } from '../api-parts.ts';
import { EXPORT } from './exports.ts';

/** Bundles of which none is made. */
export function memoryBundles(): AlertParts['bundles'] {
  return {
    ask: async (caller, _alert, { plates }) => {
      requireHere(caller);
      return {
        ...EXPORT,
        bundle: { alert: EXPORT.id, jurisdiction: '330212', plates, folder: '', files: [], sights: [] },
      };
    },
    seen: async (_caller, ids) => new Set(ids),
    taking: async (caller) => {
      requireHere(caller);
      return async () => {};
    },
  };
}
