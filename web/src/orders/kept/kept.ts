import type { CheckReport, Order, OrderDetail, WholeDevice } from '../../types.ts';

/** What is to be known of a device at its pole; never where it is reached, and no login. */
export type KeptDevice = Pick<WholeDevice, 'id' | 'name' | 'kind' | 'jurisdiction' | 'location' | 'unit'> & {
  address: string | null;
  pole: string | null;
};

/** A work order that somebody opened, as it stands without the network. */
export interface KeptOrder {
  /** User name of who opened it; nobody else is shown it. */
  owner: string;
  number: string;
  /** As the gateway said it last, with own steps that it has taken since. */
  order: OrderDetail;
  device: KeptDevice;
  /** Unix ms by this device's clock. */
  keptAtMs: number;
  /** When the label at the place was read and was that of this device (Unix ms); null: not yet. */
  labelAtMs: number | null;
  /** What a check found that was asked for from here; null: none was. */
  check: Pick<CheckReport, 'grade' | 'steps' | 'at'> | null;
}

/** A unit as somebody reads it off its label. */
export interface UnitWords {
  serial?: string;
  mac?: string;
  maker?: string;
  model?: string;
}

export const PHOTO_SUBJECTS = ['before', 'after', 'sign', 'other'] as const;
export type PhotoSubject = (typeof PHOTO_SUBJECTS)[number];
export type StepTo = 'taken' | 'done' | 'open';

/** What is to be done at the gateway. */
export type Deed =
  | { kind: 'step'; to: StepTo /** That of the order before it. */; version: number; note: string | null }
  | { kind: 'note'; note: string }
  /** Its bytes are kept beside it. */
  | { kind: 'photo'; what: PhotoSubject; type: string; bytes: number }
  | {
      kind: 'swap';
      unit: UnitWords;
      /** Id of the unit that hung there; null: what the swap before this one hangs there. */
      replaces: string | null;
      /** That unit in words. */
      hung: string;
      /** False where none was named there: then nothing is replaced. */
      named: boolean;
      reason: string;
    }
  | { kind: 'check' };

/** Something that was entered and that the gateway has not confirmed. */
export interface Entry {
  /** The place in the queue of this device. */
  seq: number;
  /** By which the gateway knows the same request again. */
  id: string;
  owner: string;
  order: string;
  device: string;
  madeAtMs: number;
  deed: Deed;
  /** `tried`: it was sent and may have been done; it is sent again as it was. */
  state: 'waiting' | 'tried';
  /** Why it is not sent until its owner has decided; null: it waits for nothing but the network. */
  trouble: Trouble | null;
}

export type Trouble =
  /** The order is not as it was when this was entered. */
  | { is: 'order'; seen: Order; current: OrderDetail }
  /** Another unit hangs there than the one that was to be replaced. */
  | { is: 'unit'; seen: string; current: { id: string; words: string }; by: string | null; at: string | null }
  /** `says`: the gateway's own words. */
  | { is: 'refused'; status: number; says: string };

/** Who used this device last, for as long as the gateway cannot be asked. */
export interface KeptPerson<Session> {
  session: Session;
  /** When the gateway confirmed it last (Unix ms). */
  seenAtMs: number;
}

/** Where all of it stands. What belongs to one person is given out to that person only. */
export interface Outbox {
  /** Of one order, or of all, in the order in which they were made. */
  entries(owner: string, order?: string): Promise<Entry[]>;
  /** Changes one that is there; false where it is not any more. */
  put(entry: Entry): Promise<boolean>;
  remove(entry: Entry): Promise<void>;
  /** Removes one that cannot have arrived anywhere; false where it was sent meanwhile, or is not there any more. */
  takeBack(entry: Entry): Promise<boolean>;
  /** The bytes of a photo; null where there are none. */
  bytes(entry: Entry): Promise<ArrayBuffer | null>;
  order(owner: string, number: string): Promise<KeptOrder | null>;
  putOrder(kept: KeptOrder): Promise<void>;
}

/** A unit in words. */
export function unitWords(unit: UnitWords | KeptDevice['unit'] | null | undefined): string {
  return [unit?.maker, unit?.model, unit?.serial ?? unit?.mac].filter(Boolean).join(' ') || '–';
}
