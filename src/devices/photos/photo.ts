import { toRfc3339 } from '../../core/clock.ts';
import type { DeviceId } from '../../core/types.ts';
import type { OrderTables } from '../orders/tables.ts';

/** `sign`: the notice that tells people of the camera. */
export const PHOTO_KINDS = ['before', 'after', 'sign', 'other'] as const;
export type PhotoKind = (typeof PHOTO_KINDS)[number];

/** What the telephone wrote into a photo; nobody checked it. */
export interface PhotoClaims {
  /** WGS 84; the radius in metres where it told one. */
  position: { lat: number; lon: number; accuracyM: number | null } | null;
  atMs: number | null;
  /** The time on its clock, without a zone. */
  localTime: string | null;
}

/** A photo without its metadata, as whoever takes it apart gives it. */
export interface CleanPhoto {
  type: 'image/jpeg' | 'image/png';
  width: number;
  height: number;
  bytes: Buffer;
  claimed: PhotoClaims;
}

/** A photo that is kept. */
export interface SitePhoto {
  id: string;
  device: DeviceId;
  /** Null where it was taken without one, or its order is gone. */
  order: string | null;
  what: PhotoKind;
  type: CleanPhoto['type'];
  width: number;
  height: number;
  bytes: number;
  keptMs: number;
  by: string;
  claimedByPhone: PhotoClaims;
}

/** The table of migration 0230; what each column means stands there. */
export interface PhotoTables extends OrderTables {
  site_photo: {
    id: string;
    request_hash: Buffer;
    device: string;
    order_number: string | null;
    what: PhotoKind;
    media_type: CleanPhoto['type'];
    width: number;
    height: number;
    size_bytes: number;
    sha256: Buffer;
    kept_ms: number;
    by_type: string;
    by_id: string;
    by_name: string;
    claimed_lat: number | null;
    claimed_lon: number | null;
    claimed_accuracy_m: number | null;
    claimed_ms: number | null;
    claimed_local: string | null;
  };
}

export type PhotoRow = PhotoTables['site_photo'];

export function photoOf(row: PhotoRow): SitePhoto {
  const { id, device, order_number: order, what, media_type: type, width, height, by_name: by } = row;
  const { claimed_lat: lat, claimed_lon: lon, claimed_accuracy_m: accuracyM } = row;
  const position = lat === null || lon === null ? null : { lat, lon, accuracyM };
  const claimedByPhone = { position, atMs: row.claimed_ms, localTime: row.claimed_local };
  return {
    id,
    device,
    order,
    what,
    type,
    width,
    height,
    bytes: row.size_bytes,
    keptMs: row.kept_ms,
    by,
    claimedByPhone,
  };
}

export function claimColumns({ position, atMs, localTime }: PhotoClaims) {
  return {
    claimed_lat: position?.lat ?? null,
    claimed_lon: position?.lon ?? null,
    claimed_accuracy_m: position?.accuracyM ?? null,
    claimed_ms: atMs,
    claimed_local: localTime,
  };
}

type PhotoPlace = Pick<PhotoRow, 'id' | 'sha256' | 'media_type' | 'kept_ms'>;

/** With a part of its sum: two requests with one id never write into one file. */
export function blobName({ id, sha256, media_type }: Omit<PhotoPlace, 'kept_ms'>): string {
  return `${id}-${sha256.toString('hex', 0, 8)}.${media_type === 'image/png' ? 'png' : 'jpg'}`;
}

/** `2026-11-22/a3….jpg`. */
export function blobKey(place: PhotoPlace): string {
  return `${dayOf(place.kept_ms)}/${blobName(place)}`;
}

export function dayOf(atMs: number): string {
  return toRfc3339(atMs).slice(0, 10);
}
