import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { judge } from '../../judges.ts';
import { freePort } from '../../network/free-port.ts';
import { type Owner, temporaryDirectory } from '../../services/services.ts';
import { until } from '../../time/until.ts';
import { SILENT_RULE, SITE_RULE, type TracedAlert } from './trace.ts';

/** One message of Alertmanager: a group with all of it that is to be told now. */
export interface GroupMessage {
  atMs: number;
  groupKey: string;
  alerts: { key: string; status: 'firing' | 'resolved' }[];
}

/** Its waits, where a gateway has: at once, ten one by one, every half minute. */
export const WAITS = { groupWaitMs: 1_000, groupIntervalMs: 10_000, repeatMs: 30_000 };

const seconds = (ms: number): string => `${ms / 1000}s`;

/** What comes nearest to a gateway's own stages: by rule and area, grave ones at once, a site for its devices. */
function configOf(url: string): string {
  return `route:
  receiver: desk
  group_by: [rule, area]
  group_wait: ${seconds(WAITS.groupWaitMs)}
  group_interval: ${seconds(WAITS.groupIntervalMs)}
  repeat_interval: ${seconds(WAITS.repeatMs)}
  routes:
    - { matchers: ['severity = extreme'], group_by: ['...'], group_wait: 0s, repeat_interval: 4h }
inhibit_rules:
  - { source_matchers: ['rule = ${SITE_RULE}'], target_matchers: ['rule = ${SILENT_RULE}'], equal: [site] }
receivers:
  - name: desk
    webhook_configs: [{ url: '${url}', send_resolved: true }]
`;
}

/** Debian's Alertmanager with somebody who is told by it. */
export class Alertmanager {
  readonly messages: GroupMessage[] = [];
  readonly version: string;
  readonly #url: string;

  private constructor(url: string, version: string) {
    this.#url = url;
    this.version = version;
  }

  static async start(t: Owner): Promise<Alertmanager> {
    const { command, env } = await judge('prometheus-alertmanager');
    const directory = await temporaryDirectory(t);
    const port = await freePort();
    const manager = new Alertmanager(`http://127.0.0.1:${port}`, await versionOf(command));
    const config = join(directory, 'alertmanager.yml');
    await writeFile(config, configOf(await manager.#listen(t)));
    const words = [
      ...inItsOwn(command),
      command,
      `--config.file=${config}`,
      `--storage.path=${directory}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ];
    const child = spawn('unshare', words, { env: { ...process.env, ...env }, stdio: 'ignore' });
    const ended = once(child, 'exit');
    t.teardown(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const isReady = async () => (await fetch(`${manager.#url}/-/ready`).catch(() => null))?.ok === true;
    await until('Alertmanager is ready', isReady);
    return manager;
  }

  /** Says of alerts that they fire, or are over. */
  async say(alerts: readonly { alert: TracedAlert; does: 'fire' | 'clear'; since: number }[], nowMs: number) {
    const body = alerts.map(({ alert: { rule, device, area, severity, site }, does, since }) => ({
      labels: { alertname: rule, rule, device, area, severity, ...(site && { site }) },
      startsAt: new Date(since).toISOString(),
      endsAt: new Date(does === 'clear' ? nowMs : nowMs + 3_600_000).toISOString(),
    }));
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.#url}/api/v2/alerts`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status}: ${await answer.text()}`);
  }

  async #listen(t: Owner): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { groupKey, alerts } = JSON.parse(Buffer.concat(chunks).toString());
        const told = alerts.map(({ labels, status }: { labels: Record<string, string>; status: string }) => ({
          key: `${labels.rule}|${labels.device}`,
          status,
        }));
        this.messages.push({ atMs: Date.now(), groupKey, alerts: told });
        response.writeHead(200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
}

/** Debian's reads a template below /usr/share, and where it is only unpacked that is elsewhere. */
function inItsOwn(command: string): string[] {
  const share = join(dirname(command), '../share');
  return ['--map-root-user', '--mount', 'sh', '-c', 'mount --bind "$0" /usr/share && exec "$@"', share];
}

async function versionOf(command: string): Promise<string> {
  const child = spawn(command, ['--version']);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  await once(child, 'close');
  return /version (\S+)/.exec(said)?.[1] ?? 'unknown';
}
