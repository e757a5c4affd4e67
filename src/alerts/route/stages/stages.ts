import { fanOut } from './fan-out.ts';
import type { Stage } from './stage.ts';

/** Every stage, in their order. A new one is its file here and its line in this list. */
export const STAGES: readonly Stage[] = [fanOut];
