import { ApiError } from '../../api.ts';
import { explain } from '../../explain.ts';
import { noticeEnd } from '../../session.ts';
import { t } from '../say.ts';
import type { Change } from './basis.ts';

/** What came of a deed. */
export type Outcome =
  /** `secret`: what the device proves itself by from now on; shown once. */
  | { is: 'done'; says?: string; secret?: string }
  /** Somebody changed it in the meantime; nothing was saved, and what was typed stays. */
  | { is: 'overtaken'; changes: Change[] }
  /** `says`: in the gateway's own words; `unsure`: it asks whether what looks like a mistake is meant. */
  | { is: 'failed'; why: string; says: string; unsure: boolean };

/** What went wrong, for the reader. */
export function failed(error: unknown): Outcome {
  noticeEnd(error);
  const { says, status, code } = error instanceof ApiError ? error : new ApiError(0);
  const why = [400, 409, 422].includes(status) ? t('do.refused') : explain(error);
  return { is: 'failed', why, says, unsure: code === 'request.confirm' };
}
