import { SCAN_TEXTS } from '../../texts/scan.ts';
import { wording } from '../../texts.ts';

/** What is said about reading codes. */
export const t = wording(SCAN_TEXTS);
