import { join } from 'node:path';
import { toRfc3339 } from '../core/clock.ts';
import type { Jurisdiction } from '../core/jurisdiction.ts';
import type { DeviceId } from '../core/types.ts';
import { IMAGE_TYPES, type ImageType } from './image-file.ts';

/** A picture that is kept. */
export interface KeptImage {
  /** A random UUID: it is no way to another picture. */
  id: string;
  device: DeviceId;
  /** Where the device stood when it sent the picture. */
  jurisdiction: Jurisdiction;
  type: ImageType;
  receivedAtMs: number;
}

export interface ImageTables {
  image: {
    id: string;
    device: string;
    jurisdiction: string;
    media_type: ImageType;
    size_bytes: number;
    sha256: Buffer;
    received_at_ms: number;
    last_sent_at_ms: number;
  };
}

/** What says where the file of a row is. */
export type ImagePlace = Pick<ImageTables['image'], 'id' | 'media_type' | 'received_at_ms'>;

/** Directory of a day, `2026-11-22`. */
export function dayOf(atMs: number): string {
  return toRfc3339(atMs).slice(0, 10);
}

/** Files of one day lie in 256 directories, so that none of them becomes slow. */
export function shardOf(id: string): string {
  return id.slice(0, 2);
}

export function fileName({ id, media_type: type }: Pick<ImagePlace, 'id' | 'media_type'>): string {
  return `${id}.${IMAGE_TYPES[type]}`;
}

/** Made of our own id and time only, so it stays inside the directory. */
export function pathOf(directory: string, image: ImagePlace): string {
  return join(directory, dayOf(image.received_at_ms), shardOf(image.id), fileName(image));
}
