/**
 * A thread that pulls cameras and writes their fragments: everything that cameras send is read here, and the gateway
 * gets whole fragments. When it dies, the runs in it are lost, and nothing else.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.ts';
import { TcpOutbound } from '../../platform/outbound/tcp.ts';
import { UdpPairs } from '../../platform/outbound/udp-pairs.ts';
import type { Part } from '../fmp4/parser.ts';
import { asFailure, type CameraAddress, type StreamFailure } from '../pool/types.ts';
import type { CameraSessionDeps } from '../relay/camera-session.ts';
import { Outlet, type UnderWay } from './outlet.ts';
import { packageCamera } from './packaging.ts';
import { type FromThread, failureOf, type ThreadSettings, type ToldFailure, type ToThread, told } from './protocol.ts';

interface Running {
  controller: AbortController;
  /** Answers whether the camera is admitted. */
  admitted(refused: ToldFailure | null): void;
  outlet: Outlet;
}

/** The runs of this thread. */
class Runs {
  readonly #port: MessagePort;
  readonly #deps: CameraSessionDeps;
  readonly #running = new Map<number, Running>();
  readonly #underWay: UnderWay = { bytes: 0 };

  constructor(port: MessagePort, deps: CameraSessionDeps) {
    this.#port = port;
    this.#deps = deps;
    port.on('message', (message: ToThread) => this.#receive(message));
  }

  #receive(message: ToThread): void {
    const running = this.#running.get(message.id);
    if (message.type === 'open') void this.#run(message.id, message.camera);
    else if (message.type === 'admitted') running?.admitted(message.refused);
    else if (message.type === 'taken') {
      this.#underWay.bytes -= message.bytes;
      running?.outlet.taken(message.bytes);
    } else running?.controller.abort(typeof message.cause === 'string' ? message.cause : failureOf(message.cause));
  }

  async #run(id: number, camera: CameraAddress): Promise<void> {
    const controller = new AbortController();
    let admitted: Running['admitted'] = () => {};
    const admission = new Promise<ToldFailure | null>((resolve) => {
      admitted = resolve;
    });
    const outlet = new Outlet({
      clock: this.#deps.clock,
      underWay: this.#underWay,
      send: (part) => this.#tellPart(id, part),
      dropped: (fragments) => this.#tell({ type: 'dropped', id, fragments }),
    });
    this.#running.set(id, { controller, admitted, outlet });
    const admit = async (): Promise<StreamFailure | null> => {
      this.#tell({ type: 'reached', id });
      const refused = await admission;
      return refused && failureOf(refused);
    };
    const run = { camera, admit, onPart: (part: Part) => outlet.tell(part) };
    const outcome = await packageCamera(this.#deps, run, controller.signal).catch((error: unknown) =>
      asFailure(error, 'nonsense'),
    );
    outlet.end();
    this.#running.delete(id);
    this.#tell({ type: 'ended', id, outcome: outcome === 'unfit' ? outcome : told(outcome) });
  }

  #tell(message: FromThread): void {
    this.#port.postMessage(message);
  }

  /** The bytes of a fragment are handed over, not copied; those of a small one may lie among others. */
  #tellPart(id: number, part: Part): void {
    if (part.type === 'init') {
      this.#tell({ type: 'part', id, part });
      return;
    }
    const { data } = part.fragment;
    const own = data.byteLength === data.buffer.byteLength ? data : Buffer.from(new Uint8Array(data).buffer);
    const fragment = { ...part.fragment, data: own };
    const message: FromThread = { type: 'part', id, part: { type: 'fragment', fragment } };
    this.#port.postMessage(message, [own.buffer as ArrayBuffer]);
  }
}

const clock = systemClock;
const { networks, megabitsPerS, udpPorts } = workerData as ThreadSettings;
const lost = (packets: number): void => parentPort!.postMessage({ type: 'lost', id: 0, packets } satisfies FromThread);
const udp = udpPorts ? { udp: new UdpPairs(udpPorts), lost } : null;
new Runs(parentPort!, { clock, tcp: new TcpOutbound({ clock }), networks, megabitsPerS, udp });
