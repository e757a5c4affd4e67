import { COMMON_TEXTS } from '../texts/common.ts';
import { FIGURE_TEXTS } from '../texts/work/figures.ts';
import { FORM_TEXTS } from '../texts/work/forms.ts';
import { wording } from '../texts.ts';

/** What the figures say; their own texts are read with them. */
export const t = wording({ ...COMMON_TEXTS, ...FORM_TEXTS, ...FIGURE_TEXTS });
