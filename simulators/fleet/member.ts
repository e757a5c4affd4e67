import type { Packet, Sender } from '../devices/packets.ts';
import type { Driver } from '../drivers/driver.ts';
import type { Doors, Speech } from '../links/link.ts';
import type { Ledger } from './ledger.ts';

/** One device of a fleet and how it speaks. */
export interface Member {
  sender: Sender;
  speech: Speech;
  secret: string;
  district: string;
  /** All that it says, where that was recorded: given when the run begins, Unix ms. Then its model says nothing. */
  script?: (beganAtMs: number) => Packet[];
  /** Where it connects; as all others do where it is absent. */
  doors?: Doors;
}

export interface FleetOptions {
  /** Stands in every id of a record. */
  run: string;
  members: readonly Member[];
  doors: Doors;
  ledger: Pick<Ledger, 'add'>;
  /** How another gateway than this repository's is spoken to. */
  driver?: Pick<Driver, 'mannerOf' | 'packetsOf'> | null;
  /** Each device from an address of its own in 127.65.0.0/16. */
  ownAddresses: boolean;
  /** Where those begin; the first of them where it is absent. */
  addressesFrom?: number;
  nowMs(): number;
}

export interface Counts {
  sent: number;
  acked: number;
  refused: number;
  /** Sent too long after they were meant to go out. */
  late: number;
  /** Devices that are connected. */
  up: number;
}
