import { ApiError, send } from '../../api.ts';
import { explain } from '../../explain.ts';
import { noticeEnd } from '../../session.ts';
import type { CaseAlert } from '../../types.ts';
import type { OpenCase } from '../open-case.ts';
import { t } from '../say.ts';
import type { Outcome } from './deeds.ts';
import { lineOf, type Values } from './form-draft.ts';

const MINUTE_MS = 60_000;
export const NEW_INCIDENT = 'new';

/** Which alerts a silence is of: those of a device, of a rule in the district, or of both. */
export const SILENCE_OF = ['both', 'device', 'rule'] as const;

export function silencedBy(alert: CaseAlert, of: string | undefined): Record<string, string> {
  const rule = alert.rule.split('@')[0] ?? '';
  const { jurisdiction, device } = alert;
  return {
    jurisdiction,
    ...(of !== 'rule' && device !== null && { device }),
    ...(of !== 'device' && { rule }),
  };
}

/** Leaves alerts unsaid for a time. */
export function silence(alert: CaseAlert, values: Values, nowMs: number): Promise<Outcome> {
  const endsAt = new Date(nowMs + Number(values.minutes ?? 60) * MINUTE_MS).toISOString();
  return said(send('POST', '/silences', { ...silencedBy(alert, values.of), reason: lineOf(values.reason), endsAt }));
}

/** Puts an alert into an incident that is open, or into a new one. */
export async function merge({ id }: CaseAlert, values: Values): Promise<Outcome> {
  const { incident = NEW_INCIDENT } = values;
  const into = `/incidents/${encodeURIComponent(incident)}/merge`;
  if (incident !== NEW_INCIDENT) return await said(send('POST', into, { alerts: [id] }));
  return await said(send('POST', '/incidents', { title: lineOf(values.title), alerts: [id] }));
}

export function split({ id, incident }: CaseAlert): Promise<Outcome> {
  return said(send('POST', `/incidents/${encodeURIComponent(incident ?? '')}/split`, { alerts: [id] }));
}

/** What it says of the alert comes by the stream; where that stands still, it is read. */
export async function readAfter(open: OpenCase, outcome: Promise<Outcome>): Promise<Outcome> {
  const came = await outcome;
  if (came.is === 'done') await open.read();
  return came;
}

async function said(request: Promise<unknown>): Promise<Outcome> {
  try {
    await request;
    return { is: 'done' };
  } catch (error) {
    noticeEnd(error);
    const isRefused = error instanceof ApiError && error.status === 409;
    return { is: 'failed', why: isRefused ? t('deed.refused') : explain(error) };
  }
}
