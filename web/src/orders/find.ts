import { get } from '../api.ts';
import { deviceOfCode } from '../devices/scan/code.ts';
import { isRemembered, noticeEnd, whoIs } from '../session.ts';
import type { Order, Page, UnitStay } from '../types.ts';
import { db } from './kept/db.ts';

/** What a label, an id or a serial number led to. */
export interface Searched {
  /** What was looked for, in words. */
  what: string;
  /** Those that are not closed. */
  orders: readonly Order[];
  /** Whether the gateway answered. */
  isAsked: boolean;
}

/** Looks on this device first, then at the gateway where it answers. */
export async function findOrders(text: string): Promise<Searched> {
  const what = deviceOfCode(text) ?? text;
  const kept = await db.orders(whoIs.value ?? '').catch(() => []);
  const here = kept.filter(({ device }) => device.id === what || device.unit?.serial === what);
  if (here.length > 0) return { what, orders: here.map(({ order }) => order), isAsked: false };
  if (isRemembered.value) return { what, orders: [], isAsked: false };
  try {
    const found = await ordersOf(what);
    if (found.length > 0) return { what, orders: found, isAsked: true };
    const { items } = await get<Page<UnitStay>>(`/units?serial=${encodeURIComponent(what)}&limit=1`);
    const [stay] = items;
    const device = stay && stay.to === null ? stay.device : null;
    return { what, orders: device === null ? [] : await ordersOf(device), isAsked: true };
  } catch (error) {
    noticeEnd(error);
    return { what, orders: [], isAsked: false };
  }
}

const DEVICE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

async function ordersOf(device: string): Promise<Order[]> {
  if (!DEVICE_ID.test(device)) return [];
  return (await get<Page<Order>>(`/orders?device=${device}&unclosed=true&limit=20`)).items;
}
