import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { OUTLINES_FILE } from '../../api/base-map/base-map.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { createObserver, KnownSecrets } from '../../core/observe.ts';
import { writeFileDurable } from '../../platform/files/files.ts';
import { Outbound } from '../../platform/outbound/outbound.ts';
import { type Config, loadConfig } from '../config/config.ts';
import { DataDirectory } from '../local-services/data-directory.ts';
import { freeOrAny } from '../local-services/free-port.ts';
import { forgetInstance } from '../local-services/postgres/instance.ts';
import { type CityEvent, SimulatedCity } from '../local-services/simulated-city.ts';
import { type Command, EXIT } from './command.ts';
import { endOfRun } from './end-of-run.ts';

const SCENARIO = join(import.meta.dirname, '../../../simulators/scenarios/demo-ningbo.yaml');
/** Its rivers and streets, drawn by hand and roughly (WGS-84). */
const OUTLINES = join(import.meta.dirname, '../../../simulators/scenarios/demo-ningbo.geojson');
const STOP_DEADLINE_MS = 9_000;
const CITY_STOP_MS = 4_000;
const USER = 'demo';
const CITY = '330200';

/** Settings of the demo where the environment has none of its own. */
const DEFAULTS = {
  CITYWATCH_DATA_DIR: './data/demo',
  CITYWATCH_CAMERA_NETWORKS: '127.64.0.0/16',
  CITYWATCH_WEBHOOK_NETWORKS: '127.64.0.0/16',
  CITYWATCH_CAMERA_CHECK_S: '5',
  CITYWATCH_LOG_LEVEL: 'error',
};

export const demo: Command = {
  name: 'demo',
  summary: 'show a small city: gateway, private services and simulated devices',
  usage: '',
  details: [
    'One district of Ningbo with 12 cameras, 4 checkpoints and 40 kiosks, all on this machine. Keeps its own',
    'directory, ./data/demo, and empties it at start. Ctrl-C stops everything it started.',
  ],
  options: {},
  run: async (_, terminal) => {
    const clock = systemClock;
    const { config, adminToken } = await configure(terminal.secrets);
    const observer = createObserver({ level: config.log.level, secrets: terminal.secrets });
    const end = endOfRun({ observer, terminal, clock });
    terminal.print('Starting the gateway and its services ...');
    await emptyDirectory(config.dataDir, terminal.secrets);
    await mkdir(join(config.dataDir, 'map'), { recursive: true });
    await copyFile(OUTLINES, join(config.dataDir, 'map', OUTLINES_FILE));
    // Loaded here, so that --help and small commands do not load the whole gateway.
    const { compose } = await import('../compose/compose.ts');
    const gateway = await compose({ config, observer, secrets: terminal.secrets, ended: end.signal });
    const password = randomBytes(9).toString('base64url');
    await makeLogin({ url: gateway.urls.http, adminToken, password, clock });
    const tokenFile = join(config.dataDir, 'demo-token');
    await writeFileDurable(tokenFile, adminToken, { mode: 0o600 });
    for (const line of welcome({ url: gateway.urls.http, password, tokenFile })) terminal.print(line);
    const { http, mqtt } = gateway.urls;
    const city = new SimulatedCity({
      args: [
        '--scenario',
        SCENARIO,
        '--gateway',
        http,
        '--mqtt',
        mqtt,
        '--token-file',
        tokenFile,
        // The gateway is its own, and its directory is emptied at the next start.
        '--prefix',
        '',
        '--keep',
      ],
      clock,
      stopMs: CITY_STOP_MS,
      onEvent: (event) => {
        for (const line of tell(event)) terminal.print(`${clockTime(clock)}  ${line}`);
      },
      onComplaint: (line) => terminal.complain(line),
    });
    const status = await Promise.race([city.ended, end.asked]);
    terminal.print('Stopping ...');
    await city.stop();
    const failures = await gateway.stop(STOP_DEADLINE_MS);
    for (const { name, error } of failures) terminal.complain(`${name} did not stop well: ${String(error)}`);
    return status !== null || failures.length > 0 ? EXIT.failed : EXIT.done;
  },
};

/** A port that is taken is replaced by a free one, unless it was asked for by name. */
async function configure(secrets: KnownSecrets): Promise<{ config: Config; adminToken: string }> {
  const adminToken = randomBytes(32).toString('base64url');
  const defaults = { ...DEFAULTS, CITYWATCH_ADMIN_TOKEN: adminToken };
  const first = loadConfig({ secrets, defaults });
  const config = loadConfig({
    secrets,
    defaults: {
      ...defaults,
      CITYWATCH_HTTP_PORT: String(await freeOrAny(first.http.host, first.http.port)),
      CITYWATCH_MQTT_PORT: String(await freeOrAny(first.mqtt.host, first.mqtt.port)),
    },
  });
  return { config, adminToken: config.adminToken ?? adminToken };
}

/** Only a directory that no gateway holds is emptied; opening it is what proves that. */
async function emptyDirectory(path: string, secrets: KnownSecrets): Promise<void> {
  const place = await DataDirectory.open(path, secrets);
  try {
    await forgetInstance(place.path);
    for (const name of await readdir(place.path)) {
      if (name !== 'lock') await rm(join(place.path, name), { recursive: true, force: true });
    }
  } finally {
    await place.close();
  }
}

interface LoginInput {
  url: string;
  adminToken: string;
  password: string;
  clock: Clock;
}

/** Makes the demo's user through the public door, as an operator's script would. */
async function makeLogin({ url, adminToken, password, clock }: LoginInput): Promise<void> {
  const observer = createObserver({ level: 'silent', secrets: new KnownSecrets() });
  const outbound = new Outbound({ clock, observer });
  try {
    const { status } = await outbound.http({
      url: `${url}/api/v1/users`,
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ username: USER, name: 'Demo', password, role: 'operator', jurisdiction: CITY }),
      deadlineMs: 10_000,
      maxBytes: 64 * 1024,
      networks: 'services',
    });
    if (status !== 201)
      throw new CitywatchError('service.failed', { detail: `The demo's login was refused (${status}).` });
  } finally {
    await outbound.close();
  }
}

function welcome({ url, password, tokenFile }: Record<'url' | 'password' | 'tokenFile', string>): string[] {
  const { port } = new URL(url);
  return [
    '',
    `  Open      ${url}/`,
    `  Login     ${USER}`,
    `  Password  ${password}`,
    `  API       ${url}/api/docs`,
    `  Token     TOKEN=$(cat ${tokenFile})`,
    '',
    `  From another machine: ssh -L ${port}:127.0.0.1:${port} ${hostname()}, then open the address above there;`,
    '  or start with CITYWATCH_HTTP_HOST=0.0.0.0 where the network is yours alone.',
    '',
    '  A city of 12 cameras, 4 checkpoints and 40 kiosks comes up now. Within a minute after it is connected a camera',
    '  dies (and comes back), a kiosk catches fire, a wanted plate passes a checkpoint, and a kiosk gets full. What is',
    '  for those who keep devices going, such as the dead camera, stands under Maintenance.',
    '  Ctrl-C stops everything.',
    '',
  ];
}

const STORIES: Record<string, string> = {
  'camera-dies': 'goes dark; its alert follows after 30 s of silence',
  'camera-returns': 'is back',
  'kiosk-fire': 'catches fire',
  'kiosk-fire-out': 'is put out',
  'kiosk-full': 'gets full',
  'kiosk-emptied': 'is emptied',
  'wanted-plate': 'sees a wanted plate',
};

/** What a person wants to read of what the city said. */
function tell(event: CityEvent): string[] {
  const story = STORIES[event.event];
  if (story) return [`${String(event.device)} ${story}.`];
  if (event.event === 'ready') {
    const { cameras, checkpoints, kiosks } = event;
    return [`The city is connected: ${cameras} cameras, ${checkpoints} checkpoints, ${kiosks} kiosks.`];
  }
  if (event.event === 'delivered') {
    return [`The command centre received ${String(event.type)} (signature ${String(event.verdict)}).`];
  }
  return event.event === 'warning' ? [`Note: ${String(event.text)}`] : [];
}

function clockTime(clock: Clock): string {
  return new Date(clock.nowMs()).toTimeString().slice(0, 8);
}
