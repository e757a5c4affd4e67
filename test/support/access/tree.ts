import { codeAlone, type PoliceTree, type Tree } from '../../../src/core/jurisdiction.ts';

/** A civil tree without zones, and no agencies of the police. */
export const NO_ZONES: Tree & PoliceTree = { area: codeAlone, below: () => [] };
