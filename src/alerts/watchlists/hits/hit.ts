import type { HitStepRow } from '../tables.ts';

/** What people do with a hit, in this order; refuting it ends it. */
export type HitStep = 'sign' | 'confirm' | 'refute' | 'order' | 'report';

/** How a step is written down. */
export const DONE_BY: Record<HitStep, HitStepRow['step']> = {
  sign: 'signed',
  confirm: 'confirmed',
  refute: 'refuted',
  order: 'ordered',
  report: 'reported',
};

export type HitState = 'raised' | HitStepRow['step'];

/** Where a hit stands. */
export function hitState(steps: readonly HitStepRow[]): HitState {
  return steps.at(-1)?.step ?? 'raised';
}

/** Whether the order says that the vehicle is never stopped. */
export interface HitKind {
  isCovert: boolean;
}

/** From where a step leads on. */
const AFTER: Record<HitStep, readonly HitState[]> = {
  sign: ['raised'],
  confirm: ['signed'],
  refute: ['signed', 'confirmed'],
  order: ['confirmed'],
  report: ['confirmed', 'ordered'],
};

const NEEDS: Record<HitStep, string> = {
  sign: 'it is signed for once',
  confirm: 'sign for it first',
  refute: 'sign for it first, and refute it before anybody is sent out',
  order: 'confirm by its picture first that it is the vehicle',
  report: 'confirm by its picture first that it is the vehicle, and report once',
};

/** Why a step cannot be taken now; null where it can. Pure. */
export function refusalOf(steps: readonly HitStepRow[], step: HitStep, { isCovert }: HitKind): string | null {
  const state = hitState(steps);
  if (!AFTER[step].includes(state)) return `The hit is ${state}: ${NEEDS[step]}.`;
  if (step === 'order' && isCovert) return 'Its order is covert: the vehicle is followed and not stopped.';
  return null;
}
