import type { Values } from '../alerts/drafts.ts';
import { request, send } from '../api.ts';
import { lineOf } from '../case/deeds/form-draft.ts';
import type { Hit, Watchlist } from '../types.ts';

/** What may be done with a list, in the order in which it is offered. */
export const LIST_DEEDS = ['add', 'request', 'renew', 'revoke', 'withdraw'] as const;
export type ListDeed = (typeof LIST_DEEDS)[number];

/** What who keeps lists may do with one as it stands. Pure. */
export function possible({ state, approvedBy, approveBy, asked, ended }: Watchlist): ListDeed[] {
  const isStanding = ended === null && asked === null && ['active', 'approved'].includes(state) && approveBy === null;
  return LIST_DEEDS.filter((deed) => {
    if (deed === 'add' || deed === 'request') return state === 'draft';
    if (deed === 'withdraw') return ended === null && approvedBy === null;
    return isStanding;
  });
}

/** Whether something of a list waits for a second person. */
export function waits({ state, approveBy, asked }: Watchlist): boolean {
  return state === 'requested' || approveBy !== null || asked !== null;
}

export const pathOf = (id: string): string => `/watchlists/${encodeURIComponent(id)}`;

export async function doWith(list: Watchlist, deed: Exclude<ListDeed, 'add'>, values: Values): Promise<void> {
  const path = pathOf(list.id);
  if (deed === 'request') await send('POST', `${path}/request`);
  else if (deed === 'withdraw') await send('DELETE', path, undefined, list.version);
  else if (deed === 'revoke') await send('POST', `${path}/revoke`, { reason: lineOf(values.reason) });
  else {
    const until = new Date(values.until ?? '').toISOString();
    await send('POST', `${path}/renew`, { until, reason: lineOf(values.reason) });
  }
}

export async function decide(list: Watchlist, how: 'approve' | 'reject', values: Values): Promise<void> {
  await send('POST', `${pathOf(list.id)}/${how}`, how === 'reject' ? { reason: lineOf(values.why) } : undefined);
}

/** What came of plates that were added. */
export interface Added {
  added: number;
  known: number;
  refused: number;
  faults: { line: number; message: string }[];
}

const FILE_MS = 600_000;

/** Adds a file of plates, or lines that were typed, to a draft. */
export async function addPlates(id: string, file: File | string): Promise<Added> {
  const init = {
    method: 'POST',
    headers: { 'x-citywatch': 'console', 'content-type': 'text/csv' },
    body: file,
    signal: AbortSignal.timeout(FILE_MS),
  };
  return (await (await request(`${pathOf(id)}/entries`, init)).json()) as Added;
}

/** Characters of the reason of one plate. */
const REASON_MAX = 200;

/** Lines of a plate, a comma and a reason, as a file of plates has them; `reason` where a line has none. */
export function csvOf(lines: string, reason: string): string {
  const rows = lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [plate = '', ...rest] = line.split(/[,，]/);
      return [plate.trim(), (rest.join('，').trim() || reason).slice(0, REASON_MAX)].map(quoted).join(',');
    });
  return ['plate,reason', ...rows].join('\n');
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** What is done with a hit, in this order; refuting it ends it. */
export const HIT_STEPS = ['sign', 'confirm', 'refute', 'order', 'report'] as const;
export type HitStep = (typeof HIT_STEPS)[number];

const AFTER: Record<HitStep, readonly Hit['state'][]> = {
  sign: ['raised'],
  confirm: ['signed'],
  refute: ['signed', 'confirmed'],
  order: ['confirmed'],
  report: ['confirmed', 'ordered'],
};

/** The steps that somebody with these rights may take next. Pure. */
export function stepsOf({ state, covert }: Hit, may: (right: string) => boolean): HitStep[] {
  return HIT_STEPS.filter((step) => {
    const right = step === 'confirm' || step === 'refute' ? 'watchlists.confirm' : 'alerts.handle';
    return AFTER[step].includes(state) && may(right) && !(step === 'order' && covert);
  });
}

export const needsText = (step: HitStep): step is 'refute' | 'order' | 'report' =>
  step !== 'sign' && step !== 'confirm';

export async function takeStep(alert: string, step: HitStep, text: string): Promise<Hit> {
  const body = needsText(step) ? { text: lineOf(text) } : undefined;
  return (await send<Hit>('POST', `/alerts/${encodeURIComponent(alert)}/hit/${step}`, body))!;
}
