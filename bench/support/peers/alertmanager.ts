import { dirname, join } from 'node:path';
import type { Judge } from '../../../test/support/judges.ts';
import { freePort } from '../../../test/support/network/free-port.ts';
import { type Peer, PeerProcess, unpacked } from './peer.ts';

/** Alertmanager with one webhook and each alert in a group of its own, told at once. */
export class Alertmanager implements Peer<{ webhook: string }> {
  readonly name = 'Alertmanager';
  readonly find = () => unpacked('prometheus-alertmanager');
  readonly #process = new PeerProcess();
  #port = 0;

  async start(program: Judge, settings: { webhook: string }): Promise<void> {
    this.#port = await freePort();
    const port = this.#port;
    const configuration = `route:
  receiver: bench
  group_by: ['...']
  group_wait: 0s
  group_interval: 5m
  repeat_interval: 4h
receivers:
  - name: bench
    webhook_configs:
      - url: ${settings.webhook}
        send_resolved: false
`;
    const args = (path: string): string[] => [
      ...inItsOwn(program),
      program.command,
      `--config.file=${path}`,
      '--storage.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ];
    await this.#process.start(
      { command: 'unshare', env: program.env },
      { name: 'alertmanager.yml', configuration, args, port },
    );
  }

  /** Resolves when it has taken the alert. */
  async raise(device: string): Promise<void> {
    const labels = { alertname: 'kiosk-fire', device, severity: 'extreme' };
    const alerts = [{ labels, annotations: { title: 'Fire' }, startsAt: new Date().toISOString() }];
    const response = await fetch(`http://127.0.0.1:${this.#port}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`Alertmanager answered ${response.status}`);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  cpu(): number {
    return this.#process.cpu();
  }
}

/** Debian's reads a template below /usr/share, and where it is only unpacked that is elsewhere. */
function inItsOwn({ command }: Judge): string[] {
  const share = join(dirname(command), '../share');
  return ['--map-root-user', '--mount', 'sh', '-c', 'mount --bind "$0" /usr/share && exec "$@"', share];
}
