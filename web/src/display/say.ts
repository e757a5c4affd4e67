import { COMMON_TEXTS } from '../texts/common.ts';
import { DISPLAY_TEXTS } from '../texts/display.ts';
import { wording } from '../texts.ts';

/** What second screens say; their own texts are read with them. */
export const t = wording({ ...COMMON_TEXTS, ...DISPLAY_TEXTS });
