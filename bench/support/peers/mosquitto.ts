import type { Judge } from '../../../test/support/judges.ts';
import { freePort } from '../../../test/support/network/free-port.ts';
import { type Peer, PeerProcess, unpacked } from './peer.ts';

/** A broker that keeps everything in memory and lets everybody in: the lightest it can be set to. */
export class Mosquitto implements Peer<void> {
  readonly name = 'Mosquitto';
  readonly find = () => unpacked('mosquitto');
  readonly #process = new PeerProcess();
  mqttPort = 0;

  async start(program: Judge): Promise<void> {
    this.mqttPort = await freePort();
    const { mqttPort: port } = this;
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence false',
      // Without it it drops what it has acknowledged when the subscriber is slower than the devices.
      'max_queued_messages 0',
      // As docs/operators.md says.
      'max_inflight_messages 512',
      'set_tcp_nodelay true',
      'log_dest none',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
    ];
    const configuration = `${lines.join('\n')}\n`;
    await this.#process.start(program, { name: 'mosquitto.conf', configuration, args: (path) => ['-c', path], port });
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  cpu(): number {
    return this.#process.cpu();
  }
}
