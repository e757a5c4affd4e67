import type { AccessClass, PositionFile } from '../../core/registry/position-file.ts';
import type { DeviceState, Location } from '../../core/types.ts';
import type { StoredOnvif, StoredStream } from './connections.ts';

/**
 * How a unit came to hang at a position: with the registration, at a place that had none yet, in the place of another,
 * by undoing such a step, or not at all: the unit was taken down and nothing hangs there.
 */
export type Hanging = 'registered' | 'assigned' | 'swapped' | 'taken-down' | 'undone';

type Known<Field extends keyof PositionFile> = Required<PositionFile>[Field] | null;

/** The columns of a position that hold its file; what each means stands in migration 0182. */
export interface FileColumns {
  gb_id: string | null;
  tier: Known<'tier'>;
  place_type: string | null;
  address: string | null;
  owner: string | null;
  heading: number | null;
  mounting: Known<'mounting'>;
  height_m: number | null;
  low_light: boolean | null;
  hlc: boolean | null;
  wdr: boolean | null;
  resolution: string | null;
  network: Known<'network'>;
  link: Known<'link'>;
  storage_days: number | null;
  maintainer: string | null;
  warranty_end: string | null;
  power: Known<'power'>;
  circuit: string | null;
  pole: string | null;
  login_shared: boolean | null;
  tags: string[];
}

/** Tables of migration 0003; what each column means stands there. */
export interface RegistryTables {
  position: FileColumns & {
    access_class: AccessClass;
    /** By hand; `police` is that or the station around it, and the database works it out. */
    police_set: string | null;
    police: string | null;
    /** Of `resolution`; the database works it out. */
    pixels: number | null;
    id: string;
    kind: string;
    name: string;
    jurisdiction: string;
    lat: number;
    lon: number;
    datum: Location['datum'];
    parent: string | null;
    purpose: string | null;
    state: DeviceState;
    stream: StoredStream | null;
    onvif: StoredOnvif | null;
    /** Since when nobody but the change of its login may log in. */
    login_held_ms: number | null;
    version: number;
    created_at_ms: number;
    updated_at_ms: number;
  };
  unit: {
    id: string;
    maker: string | null;
    model: string | null;
    serial: string | null;
    firmware: string | null;
    mac: string | null;
    endpoint: string | null;
    cert_fingerprint: string | null;
    cert_subject: string | null;
    cert_not_after_ms: number | null;
    secret_hash: Buffer;
    old_secret_hash: Buffer | null;
    old_until_ms: number | null;
    created_at_ms: number;
  };
  assignment: {
    position_id: string;
    unit_id: string;
    from_ms: number;
    to_ms: number | null;
    how: Hanging;
    reason: string | null;
    by_name: string | null;
  };
  position_camera: { position_id: string; camera_id: string; rank: number };
}
