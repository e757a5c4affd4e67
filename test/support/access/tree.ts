import { codeAlone, type Tree } from '../../../src/core/jurisdiction.ts';

/** A civil tree without zones. */
export const NO_ZONES: Tree = { area: codeAlone };
