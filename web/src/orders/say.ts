import { COMMON_TEXTS } from '../texts/common.ts';
import { ORDER_TEXTS } from '../texts/orders.ts';
import { wording } from '../texts.ts';

const TEXTS = { ...COMMON_TEXTS, ...ORDER_TEXTS };

/** What the views of work orders say; their texts are read with them. */
export const t = wording(TEXTS);
