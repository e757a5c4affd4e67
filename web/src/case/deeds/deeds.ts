import { takeIn } from '../../alerts/store.ts';
import { ApiError, get, send } from '../../api.ts';
import { explain } from '../../explain.ts';
import { noticeEnd } from '../../session.ts';
import type { CaseAlert } from '../../types.ts';
import { type Change, changesOf } from '../changes.ts';
import type { OpenCase } from '../open-case.ts';
import { t } from '../say.ts';

/** So often a deed is tried anew where nothing has changed that somebody decides by. */
const TRIES_MAX = 5;

/** What came of a deed. */
export type Outcome =
  | { is: 'done' }
  /** Somebody changed the alert in the meantime; nothing was saved. */
  | { is: 'overtaken'; changes: Change[] }
  | { is: 'failed'; why: string };

/**
 * Does something with an alert as the reader has seen it, and with no other: where somebody has changed meanwhile what
 * it is decided by, nothing is saved and the changes are told.
 */
export async function doDeed(open: OpenCase, name: string, body?: unknown): Promise<Outcome> {
  const seen = open.alert.value;
  if (!seen) return { is: 'failed', why: t('error.gone') };
  let { version } = seen;
  for (let tries = 1; ; tries += 1) {
    try {
      const alert = await send<CaseAlert>('POST', `${open.path}/${name}`, body, version);
      if (alert) taken(open, alert);
      return { is: 'done' };
    } catch (error) {
      noticeEnd(error);
      const status = error instanceof ApiError ? error.status : 0;
      if (status !== 412 && status !== 409) return { is: 'failed', why: whyNot(name, error) };
      const now = await get<CaseAlert>(open.path).catch(() => null);
      if (!now) return { is: 'failed', why: explain(error) };
      const changes = changesOf(seen, now);
      taken(open, now);
      if (changes.length > 0) return { is: 'overtaken', changes };
      if (status === 409) return { is: 'failed', why: t('deed.refused') };
      if (tries === TRIES_MAX) return { is: 'failed', why: explain(error) };
      version = now.version;
    }
  }
}

function taken(open: OpenCase, alert: CaseAlert): void {
  open.take(alert);
  takeIn([alert]);
}

function whyNot(name: string, error: unknown): string {
  const isWrong = error instanceof ApiError && error.status === 400;
  return isWrong && name === 'assign' ? t('deed.noPerson') : explain(error);
}

/** Something that may be done, in the order in which it is offered. */
export const DEEDS = [
  'ack',
  'assign',
  'dispatch',
  'arrive',
  'feedback',
  'close',
  'reopen',
  'shelve',
  'unshelve',
  'silence',
  'merge',
  'split',
] as const;
export type DeedName = (typeof DEEDS)[number];

const WITHOUT_FORM: readonly DeedName[] = ['ack', 'arrive', 'unshelve', 'split'];

export function hasForm(name: DeedName): boolean {
  return !WITHOUT_FORM.includes(name);
}

/** What may be done with an alert as it stands now, by who has these rights. Pure. */
export function possible(alert: CaseAlert, may: Record<'handle' | 'merge' | 'silence', boolean>): DeedName[] {
  const needs = (name: DeedName) =>
    name === 'silence' ? name : name === 'merge' || name === 'split' ? 'merge' : 'handle';
  return DEEDS.filter((name) => may[needs(name)] && fits(name, alert));
}

function fits(name: DeedName, alert: CaseAlert): boolean {
  const { handling, visibility, incident, device } = alert;
  if (handling === 'closed') return name === 'reopen';
  if (name === 'reopen') return false;
  if (name === 'ack') return handling === 'new';
  if (name === 'arrive') return handling === 'dispatched';
  if (name === 'feedback') return handling === 'dispatched' || handling === 'arrived';
  if (name === 'shelve') return !mustBeShown(alert) && visibility !== 'shelved' && visibility !== 'test';
  if (name === 'unshelve') return visibility === 'shelved';
  if (name === 'silence') return !mustBeShown(alert) && device !== null;
  if (name === 'merge') return incident === null;
  return name === 'split' ? incident !== null : true;
}

/** What the gateway hides from nobody. */
function mustBeShown({ severity, data }: CaseAlert): boolean {
  return severity === 'extreme' || ('wanted_plate' in data && 'watchlist' in data);
}
