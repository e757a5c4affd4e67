import type { Cidr } from '../../platform/outbound/networks.ts';
import type { PortRange } from '../../platform/outbound/udp-pairs.ts';
import type { Part } from '../fmp4/parser.ts';
import { type CameraAddress, type FailureReason, StreamFailure } from '../pool/types.ts';
import type { CalledOff } from './engine.ts';

/** What the gateway and a thread that packs video say to each other. Both ends are ours, in one process. */

/** A failure on its way between two threads, where classes are lost. */
export interface ToldFailure {
  reason: FailureReason;
  detail: string | undefined;
}

export type ToThread =
  | { type: 'open'; id: number; camera: CameraAddress }
  /** The answer to `reached`. */
  | { type: 'admitted'; id: number; refused: ToldFailure | null }
  /** A part of so many bytes has arrived, whether its run still lasts or not. */
  | { type: 'taken'; id: number; bytes: number }
  | { type: 'stop'; id: number; cause: Exclude<CalledOff, StreamFailure> | ToldFailure };

export type FromThread =
  /** The camera answered; nothing is taken from it before `admitted`. */
  | { type: 'reached'; id: number }
  | { type: 'part'; id: number; part: Part }
  /** So many packets of any run did not come. */
  | { type: 'lost'; id: 0; packets: number }
  /** So many fragments were left out: see `Outlet`. */
  | { type: 'dropped'; id: number; fragments: number }
  | { type: 'ended'; id: number; outcome: ToldFailure | 'unfit' };

/** What a thread is told when it starts. */
export interface ThreadSettings {
  networks: readonly Cidr[];
  /** Most megabits a second taken from one camera. */
  megabitsPerS: number;
  /** Own ports for cameras that send over UDP alone; they are refused without. */
  udpPorts?: PortRange | null;
}

export function told({ reason, detail }: StreamFailure): ToldFailure {
  return { reason, detail };
}

export function failureOf({ reason, detail }: ToldFailure): StreamFailure {
  return new StreamFailure(reason, detail);
}
