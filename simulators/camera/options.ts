import type { AuthScheme } from './digest.ts';
import type { CameraIdentity } from './onvif/device-service.ts';
import type { EventServiceOptions } from './onvif/event-service.ts';
import type { CardCoding } from './storage/card-sound.ts';
import type { StorageOptions } from './storage/storage.ts';
import type { UserOptions } from './users.ts';
import type { Codec } from './video/video.ts';
import type { Certificate } from './web-server.ts';

/** What a virtual camera is, as it is made. */
export interface CameraOptions extends UserOptions {
  id: string;
  /** Drawn into the picture and told in scopes; ASCII, because the font may have nothing else. */
  name: string;
  /** An address of its own, such as 127.64.0.11. */
  address: string;
  /** 0 takes any free port. */
  onvifPort?: number;
  rtspPort?: number;
  username?: string;
  password: string;
  onvifAuth?: 'wsse' | 'digest' | 'both' | 'none';
  /** Its ONVIF services and snapshots are at https, with this certificate; at http where absent. */
  certificate?: Certificate;
  rtspAuth?: AuthScheme;
  rtspTimeoutS?: number;
  identity?: Partial<CameraIdentity>;
  events?: EventServiceOptions;
  /** Its head moves. */
  head?: boolean;
  /** What it hears, which goes along with its pictures; nothing where absent. */
  sound?: CardCoding;
  /** How its main pictures are coded, H.264 unless told; its sub pictures always are H.264. */
  codec?: Codec;
  /** Which media services it offers; both unless told. */
  media?: 'both' | 'media' | 'media2';
  /** A recorder of so many channels; each has a source and pictures of its own, `/ch7/main`. A camera where absent. */
  channels?: number;
  /** How long it is away when it restarts. */
  rebootMs?: number;
  /** A memory card on which it keeps the main picture; none where absent. */
  storage?: StorageOptions;
  /** `http://host:port` that it names in its answers: what it believes to be, behind a NAT or when it lies. */
  origin?: string;
}
