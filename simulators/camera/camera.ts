import type { Account, Accounts } from './digest.ts';
import { type CameraFaults, NO_FAULTS } from './faults.ts';
import { inventIdentity } from './identity.ts';
import { eyeOf, NOTICEABLE, type Noticeable } from './noticing.ts';
import type { CameraIdentity, ServiceName } from './onvif/device-service.ts';
import { EventService } from './onvif/event-service.ts';
import { HeadService } from './onvif/head-service.ts';
import type { Eye } from './onvif/media-service.ts';
import { type CameraSettings, newSettings } from './onvif/settings.ts';
import { StorageServices } from './onvif/storage-services.ts';
import type { CameraOptions } from './options.ts';
import { RtspServer } from './rtsp/rtsp-server.ts';
import { type CardCoding, type CardSound, cardSound } from './storage/card-sound.ts';
import { Storage } from './storage/storage.ts';
import { Users } from './users.ts';
import { Stream } from './video/stream.ts';
import type { Pictures, Studio } from './video/studio.ts';
import type { Quality } from './video/video.ts';
import { WebServer } from './web-server.ts';

export type { CameraOptions } from './options.ts';

type Sounds = Record<'card' | 'live', CardSound | null>;

/** A network camera of one address: ONVIF device and media service, snapshot page, RTSP server, and its faults. */
export class VirtualCamera {
  readonly id: string;
  readonly address: string;
  readonly identity: CameraIdentity;
  /** The login that it was made with; it may have been changed since. */
  readonly account: Account;
  readonly users: Users;
  readonly events: EventService;
  readonly head: HeadService | null;
  readonly storage: Storage | null;
  /** What a technician has set on it. */
  readonly settings: CameraSettings = newSettings();
  readonly #options: CameraOptions;
  readonly #pictures: Pictures;
  readonly #streams: Record<Quality, Stream>;
  readonly #web: WebServer;
  readonly #rtsp: RtspServer;
  #faults: CameraFaults = { ...NO_FAULTS };
  /** How often it was away, and came back, because it was told to restart. */
  restarts = 0;
  #alive = false;
  #rebooting: NodeJS.Timeout | undefined;

  private constructor(options: CameraOptions, pictures: Pictures, { card: sound, live }: Sounds) {
    this.id = options.id;
    this.address = options.address;
    this.identity = { ...inventIdentity(options.id), ...options.identity };
    this.account = { username: options.username ?? 'admin', password: options.password };
    this.users = new Users(this.account, options);
    this.#options = options;
    this.#pictures = pictures;
    this.#streams = { main: new Stream(pictures.sources.main), sub: new Stream(pictures.sources.sub) };
    const nowMs = (): number => this.#nowMs();
    const origin = (): string => options.origin ?? this.#origin;
    this.head = options.head ? new HeadService() : null;
    this.events = new EventService({ origin, nowMs }, options.events);
    const card = options.storage;
    this.storage = card ? new Storage(pictures.sources.main, nowMs, card, sound) : null;
    this.#web = new WebServer(this.#webDeps(), {
      host: options.address,
      port: options.onvifPort ?? 0,
      auth: options.onvifAuth ?? 'both',
      certificate: options.certificate ?? null,
    });
    const accounts = this.#accounts();
    const rtspDeps = {
      name: options.name,
      streams: this.#streams,
      storage: this.storage,
      sound: live,
      accounts,
      faults: () => this.#faults,
    };
    this.#rtsp = new RtspServer(rtspDeps, {
      host: options.address,
      port: options.rtspPort ?? 0,
      auth: options.rtspAuth ?? 'digest',
      timeoutS: options.rtspTimeoutS ?? 60,
    });
  }

  /** A camera that is switched on and answers. */
  static async start(studio: Studio, options: CameraOptions): Promise<VirtualCamera> {
    const { id, name, codec, storage, sound } = options;
    const soundOf = async (coding?: CardCoding) => (coding ? await cardSound(coding) : null);
    const sounds = { card: await soundOf(storage?.sound), live: await soundOf(sound) };
    const camera = new VirtualCamera(options, await studio.pictures(`${id}  ${name}`, codec), sounds);
    await camera.revive();
    return camera;
  }

  get xaddr(): string {
    return `${this.#origin}/onvif/device_service`;
  }

  get #origin(): string {
    return `${this.#options.certificate ? 'https' : 'http'}://${this.address}:${this.#web.port}`;
  }

  get snapshotUrl(): string {
    return `${this.#origin}/snapshot.jpg`;
  }

  streamUrl(quality: Quality): string {
    return this.#streamUrlOf('', quality);
  }

  /** Connections of RTSP clients now and ever, and how many play. */
  get viewers(): { connections: number; accepted: number; playing: Record<Quality, number> } {
    const playing = { main: this.#streams.main.players, sub: this.#streams.sub.players };
    return { connections: this.#rtsp.connections, accepted: this.#rtsp.accepted, playing };
  }

  /** ONVIF operations asked for, oldest first. */
  get requests(): readonly string[] {
    return this.#web.requests;
  }

  get name(): string {
    return this.#options.name;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Power is cut: every connection is reset and the ports are closed. */
  async die(): Promise<void> {
    this.#alive = false;
    this.storage?.stop();
    await Promise.all([this.#web.close(), this.#rtsp.close()]);
    this.events.reset();
  }

  /** Power is back, on the same address and ports. */
  async revive(): Promise<void> {
    if (this.#alive) return;
    await this.#web.open();
    await this.#rtsp.open();
    this.storage?.start();
    this.#alive = true;
  }

  /** Something begins or ends before the camera, or one channel of a recorder, or at the contact wired to it. */
  notices(what: Noticeable, active: boolean, channel: number | null = null): void {
    const { topic, source, item } = NOTICEABLE[what];
    this.events.raise({ topic, source: source(eyeOf(channel)), data: { [item]: String(active) }, property: true });
  }

  /** Somebody crosses the line drawn into the picture. */
  lineCrossed(objectId: string, channel: number | null = null): void {
    const source = { VideoSourceConfigurationToken: eyeOf(channel).configuration, Rule: 'MyLine' };
    const topic = 'tns1:RuleEngine/LineDetector/Crossed';
    this.events.raise({ topic, source, data: { ObjectId: objectId }, property: false });
  }

  /** Changes the named faults and leaves the others as they are. */
  misbehave(faults: Partial<CameraFaults>): void {
    this.#faults = { ...this.#faults, ...faults };
    for (const stream of Object.values(this.#streams)) stream.muted = this.#faults.frozen;
  }

  behave(): void {
    this.misbehave(NO_FAULTS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#rebooting);
    await this.die();
    await Promise.all([this.#streams.main.stop(), this.#streams.sub.stop()]);
  }

  /** Streams of one channel of a recorder; `channel` counts from 1. */
  channelUrl(channel: number, quality: Quality): string {
    return this.#streamUrlOf(`/ch${channel}`, quality);
  }

  get #services(): ServiceName[] {
    const { media = 'both' } = this.#options;
    const medias: ServiceName[] = media === 'both' ? ['media', 'media2'] : [media];
    const more: ServiceName[] = this.storage ? ['search', 'replay'] : [];
    return ['event', ...medias, 'imaging', ...(this.head ? (['ptz'] as const) : []), ...more];
  }

  get #eyes(): Eye[] {
    const { channels } = this.#options;
    const urls = (prefix: string) => ({
      streamUrls: { main: this.#streamUrlOf(prefix, 'main'), sub: this.#streamUrlOf(prefix, 'sub') },
      snapshotUrl: `${this.#origin}${prefix}/snapshot.jpg`,
    });
    if (channels === undefined) return [{ source: 'source', suffix: '', ...urls('') }];
    return Array.from({ length: channels }, (_, index) => {
      const number = index + 1;
      return { source: `channel_${number}`, suffix: `_${number}`, ...urls(`/ch${number}`) };
    });
  }

  #stored() {
    const [eye] = this.#eyes;
    const url = this.#streamUrlOf('/replay', 'main');
    const name = this.#options.name;
    return this.storage ? [{ token: 'rec_main', source: eye!.source, name, url, span: this.storage.span }] : [];
  }

  #streamUrlOf(prefix: string, quality: Quality): string {
    return `rtsp://${this.address}:${this.#rtsp.port}${prefix}/${quality}`;
  }

  #nowMs(): number {
    return Date.now() + this.#faults.clockSkewMs + this.settings.time.offsetMs;
  }

  /** A moment after it has answered the order. */
  #reboot(): void {
    const { rebootMs = REBOOT_MS } = this.#options;
    clearTimeout(this.#rebooting);
    this.#rebooting = setTimeout(() => {
      const dying = this.die();
      const back = () => this.revive().then(() => void this.restarts++);
      this.#rebooting = setTimeout(() => void dying.then(back), rebootMs);
    }, ANSWERED_MS);
  }

  #accounts(): Accounts {
    return {
      find: (username) => {
        const account = this.users.find(username);
        const { passwordChanged } = this.#faults;
        return account && passwordChanged ? { ...account, password: `${account.password} changed` } : account;
      },
      wrong: () => this.users.wrong(),
    };
  }

  #webDeps() {
    return {
      device: () => ({
        name: this.#options.name,
        identity: this.identity,
        origin: this.#options.origin ?? this.#origin,
        address: this.address,
        services: this.#services,
        settings: this.settings,
        nowMs: this.#nowMs(),
      }),
      media: () => ({
        sizes: this.#pictures.sizes,
        fps: this.#pictures.fps,
        codecs: this.#pictures.codecs,
        eyes: this.#eyes,
        hasHead: this.head !== null,
      }),
      events: this.events,
      head: this.head,
      storage: this.storage && new StorageServices(() => this.#stored()),
      accounts: this.#accounts(),
      users: this.users,
      faults: () => this.#faults,
      snapshot: () => this.#pictures.snapshot(),
      reboot: () => this.#reboot(),
    };
  }
}

const REBOOT_MS = 20_000;
const ANSWERED_MS = 50;
