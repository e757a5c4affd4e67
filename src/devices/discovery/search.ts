import { randomUUID } from 'node:crypto';
import { subnetOf } from '../../core/address-block.ts';
import { type Clock, deadline } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { jittered } from '../../core/mechanisms/backoff.ts';
import type { Random } from '../../core/random.ts';
import type { UdpOutbound, UdpSocket } from '../../platform/outbound/udp.ts';
import type { CheckPlaces } from '../checks/check-places.ts';
import { OnvifError } from '../onvif/problems.ts';
import type { OnvifPorts } from '../onvif/session.ts';
import {
  ANNOUNCEMENT_MAX_BYTES,
  type Announcement,
  DISCOVERY_GROUP,
  probe,
  readAnnouncements,
  SOUGHT_TYPES,
} from '../onvif/strangers/announcements.ts';
import { type Introduction, introduction } from '../onvif/strangers/introduce.ts';
import { addressOf, doorOf, type Finding, hostOf, introduced, unlabelled } from './finding.ts';

export interface SearchDeps {
  udp: Pick<UdpOutbound, 'ownAddresses' | 'open'>;
  onvif: OnvifPorts;
  /**
   * How many devices are asked at once, in all and in one subnet: those that announced themselves, and those of a
   * sweep. Whoever floods us with announcements keeps nobody else from being asked.
   */
  places: Record<'heard' | 'swept', Pick<CheckPlaces, 'wait'>>;
  clock: Clock;
  random: Random;
}

export interface SearchCounts {
  /** Datagrams that were not looked at: too large, too many, or from outside of the camera networks. */
  dropped: number;
  /** Datagrams that are no announcement that can be read. */
  malformed: number;
}

export const SEARCH_LIMITS = {
  /** Announcements of one turn that are looked at. */
  announcementsMax: 4_096,
  /** Questions to one device, together. */
  askMs: 3_000,
  /** Addresses of a sweep that are begun with in a second. */
  perSecond: 25,
} as const;

/** The question is sent so often: datagrams are lost, and buffers run over where a district answers at once. */
const PROBES = 3;
const PROBE_PAUSE_MS = 700;
const DOORS_PER_ADDRESS_MAX = 16;

/**
 * One turn of looking for cameras: listens to what they announce from its opening to its closing, asks whoever is found
 * who it is, and contacts nothing outside of the camera networks. What is found is told once or more by `found`.
 */
export class Search {
  readonly #deps: SearchDeps;
  readonly #found: (finding: Finding) => void;
  readonly #signal: AbortSignal;
  readonly #asked = new Set<string>();
  readonly #asking = new Map<string, Promise<void>>();
  readonly #met = new Set<string>();
  readonly #known = new Map<string, Finding>();
  /** Doors by the address that announced them. */
  readonly #doors = new Map<string, number>();
  readonly #counts: SearchCounts = { dropped: 0, malformed: 0 };
  #heard = 0;
  #sockets: UdpSocket[] = [];
  #probing: UdpSocket[] = [];

  private constructor(deps: SearchDeps, found: (finding: Finding) => void, signal: AbortSignal) {
    this.#deps = deps;
    this.#found = found;
    this.#signal = signal;
  }

  /** `close` it whatever happens. */
  static async open(deps: SearchDeps, found: (finding: Finding) => void, signal: AbortSignal): Promise<Search> {
    const search = new Search(deps, found, signal);
    try {
      await search.#listen();
    } catch (error) {
      await search.close();
      throw error;
    }
    return search;
  }

  get counts(): SearchCounts {
    const dropped = this.#sockets.reduce((sum, socket) => sum + socket.dropped, this.#counts.dropped);
    return { ...this.#counts, dropped };
  }

  /** On how many network interfaces cameras are looked for. */
  get interfaces(): number {
    return this.#probing.length;
  }

  /** Asks on every interface who is there, and listens for so long. */
  async probe(listenMs: number): Promise<void> {
    const { clock, random } = this.#deps;
    const endMs = clock.monotonicMs() + listenMs;
    for (let number = 0; number < PROBES && !this.#signal.aborted; number += 1) {
      for (const type of SOUGHT_TYPES) {
        const id = this.#newQuestion();
        for (const socket of this.#probing) socket.ask(DISCOVERY_GROUP, probe(id, type));
      }
      await clock.sleep(jittered(PROBE_PAUSE_MS, random), this.#signal);
    }
    await clock.sleep(Math.max(0, endMs - clock.monotonicMs()), this.#signal);
  }

  /** Asks at each port of an address, by HTTP and by a datagram of its own. */
  async ask(address: string, ports: readonly number[]): Promise<void> {
    const id = this.#newQuestion();
    this.#sockets[0]?.send({ address, port: DISCOVERY_GROUP.port }, probe(id, SOUGHT_TYPES[0]));
    for (const port of ports) {
      const xaddr = new URL(`http://${address}:${port}/onvif/device_service`);
      await this.#meet(doorOf(xaddr), () => this.#askStranger(xaddr, address));
    }
  }

  /** Resolves when everybody who was found has been asked, or after so long. */
  async settled(ms: number): Promise<void> {
    const over = new AbortController();
    const all = async (): Promise<void> => {
      while (this.#asking.size > 0 && !over.signal.aborted) await Promise.all(this.#asking.values());
    };
    const signal = AbortSignal.any([over.signal, this.#signal]);
    await Promise.race([all(), this.#deps.clock.sleep(ms, signal)]);
    over.abort();
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }

  async #listen(): Promise<void> {
    const { udp } = this.#deps;
    const on = udp.ownAddresses();
    const heard = (bytes: Buffer, from: string): void => this.#hear(bytes, from);
    const common = { maxBytes: ANNOUNCEMENT_MAX_BYTES, hear: heard };
    this.#sockets.push(await udp.open(common));
    for (const address of on) {
      const socket = await udp.open({ ...common, address });
      this.#sockets.push(socket);
      this.#probing.push(socket);
    }
    if (on.length === 0) return;
    const group = { address: DISCOVERY_GROUP.address, on };
    this.#sockets.push(await udp.open({ ...common, port: DISCOVERY_GROUP.port, group }));
  }

  #newQuestion(): string {
    const id = `urn:uuid:${randomUUID()}`;
    this.#asked.add(id);
    return id;
  }

  #hear(bytes: Buffer, from: string): void {
    this.#heard += 1;
    if (this.#heard > SEARCH_LIMITS.announcementsMax) this.#counts.dropped += 1;
    else for (const one of this.#read(bytes)) this.#take(one, from);
  }

  #read(bytes: Buffer): Announcement[] {
    try {
      return readAnnouncements(bytes, this.#asked);
    } catch (error) {
      if (!(error instanceof OnvifError)) throw error;
      this.#counts.malformed += 1;
      return [];
    }
  }

  #take(said: Announcement, from: string): void {
    if (said.what === 'bye') this.#gone(said, from);
    else this.#here(said, from);
  }

  #here(said: Announcement, from: string): void {
    const xaddr = addressOf(said, from);
    if (!xaddr) return;
    const door = doorOf(xaddr);
    const address = hostOf(xaddr);
    const before = this.#known.get(door);
    if (before?.gone) this.#tell({ ...before, gone: false });
    if (before) return;
    if (!this.#hasRoomFor(address)) return;
    const { endpoint, name, maker, model } = said;
    const finding = { ...unlabelled(xaddr, said.what === 'hello' ? 'hello' : 'probe'), endpoint, name, maker, model };
    this.#tell(finding);
    void this.#meet(door, async () => {
      const known = await this.#introduced(xaddr, address, 'heard');
      if (known) this.#tell(introduced(finding, known));
    });
  }

  /** One that announces ever new ports is no recorder. */
  #hasRoomFor(address: string): boolean {
    const doors = (this.#doors.get(address) ?? 0) + 1;
    if (doors > DOORS_PER_ADDRESS_MAX) this.#counts.dropped += 1;
    else this.#doors.set(address, doors);
    return doors <= DOORS_PER_ADDRESS_MAX;
  }

  /** Only what speaks from the same address can say that it goes. */
  #gone({ endpoint }: Announcement, from: string): void {
    for (const known of this.#known.values()) {
      if (endpoint !== null && known.endpoint === endpoint && known.address === from)
        this.#tell({ ...known, gone: true });
    }
  }

  async #askStranger(xaddr: URL, address: string): Promise<void> {
    const known = await this.#introduced(xaddr, address, 'swept');
    if (!known) return;
    this.#tell(introduced(unlabelled(xaddr, 'sweep'), known));
  }

  /** One question after the other to one door, and none where it was asked before in this turn. */
  #meet(door: string, run: () => Promise<void>): Promise<void> {
    const known = this.#asking.get(door);
    if (known) return known;
    if (this.#met.has(door)) return Promise.resolve();
    this.#met.add(door);
    const asking = run()
      .catch(() => {
        // Aborted, or no room to ask: the turn ends, or the device is met again when it announces itself again.
      })
      .finally(() => this.#asking.delete(door));
    this.#asking.set(door, asking);
    return asking;
  }

  async #introduced(xaddr: URL, address: string, lane: 'heard' | 'swept'): Promise<Introduction | null> {
    const { places, onvif, clock } = this.#deps;
    const leave = await places[lane].wait(subnetOf(address), this.#signal);
    const limit = deadline(clock, SEARCH_LIMITS.askMs, this.#signal);
    try {
      return await orAborted(
        introduction(xaddr, onvif, { signal: limit.signal, deadlineMs: SEARCH_LIMITS.askMs }),
        this.#signal,
      );
    } catch (error) {
      if (error instanceof CitywatchError) return null;
      throw error;
    } finally {
      limit.cancel();
      leave();
    }
  }

  #tell(finding: Finding): void {
    this.#known.set(finding.door, finding);
    this.#found(finding);
  }
}
