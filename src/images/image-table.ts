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

/** What says under which key the bytes of a row are. */
export type ImagePlace = Pick<ImageTables['image'], 'id' | 'media_type' | 'received_at_ms'>;

export function blobName({ id, media_type: type }: Pick<ImagePlace, 'id' | 'media_type'>): string {
  return `${id}.${IMAGE_TYPES[type]}`;
}

/** `2026-11-22/a3/a3….jpg`: pictures of one day lie in 256 folders, so that none of them becomes slow. */
export function blobKey(image: ImagePlace): string {
  return `${toRfc3339(image.received_at_ms).slice(0, 10)}/${image.id.slice(0, 2)}/${blobName(image)}`;
}
