import type { Span } from './chance.ts';
import type { World } from './world.ts';

/** Fields of one record. */
export type Values = Record<string, number | boolean | string>;

/** Something a device tells beside its readings, at the moment it happens. */
export interface Happening {
  atMs: number;
  type: string;
  data: Values;
}

/** What may be made to befall a device; each kind knows some of them. */
export const TROUBLES = ['fire', 'full', 'wanted', 'sos', 'tamper', 'fault'] as const;
export type TroubleName = (typeof TROUBLES)[number];

export interface Trouble extends Span {
  what: TroubleName;
  /** The plate of `wanted`. */
  plate?: string;
}

/** One virtual device, as far as it is always the same. */
export interface Being {
  id: string;
  seed: number;
  lat: number;
  lon: number;
  /** What befalls it, and when. */
  troubles: readonly Trouble[];
  /** What is special about it: how many lanes, which class of vehicle. */
  traits: Values;
}

/**
 * How devices of one kind behave: pure functions of the device and the time. Each value lies within the limits of the
 * kind's file, which a test holds it to.
 */
export interface Model {
  kind: string;
  /** How often it reports, in seconds, where a city says nothing else. */
  periodS: number;
  /** Versions that are in the field, from old to new. */
  firmware: readonly [string, ...string[]];
  /** What befalls devices of this kind when they are told to. */
  troubles?: readonly TroubleName[];
  /** Its readings at one moment: one, or one for each lane, channel or pump and one for the whole. */
  read(being: Being, atMs: number, world: World): Values[];
  /** What happens to it in a stretch of time, in no special order. */
  happen?(being: Being, span: Span, world: World): Happening[];
}

/** The trouble of this name that a device is in at a moment. */
export function troubleAt(being: Being, what: TroubleName, atMs: number): Trouble | null {
  return being.troubles.find((one) => one.what === what && one.fromMs <= atMs && atMs < one.toMs) ?? null;
}

/** The troubles of this name that begin in a stretch of time. */
export function beginning(being: Being, what: TroubleName, { fromMs, toMs }: Span): Trouble[] {
  return being.troubles.filter((one) => one.what === what && one.fromMs > fromMs && one.fromMs <= toMs);
}

export function traitOf(being: Being, name: string, otherwise: number): number {
  const value = being.traits[name];
  return typeof value === 'number' ? value : otherwise;
}
