import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { City, type CityEvent } from './city.ts';
import { GatewayClient } from './gateway-client.ts';
import { readScenario, withPrefix } from './scenario.ts';

const HELP = `Runs a simulated city against a gateway and says what happens as JSON lines.

  node simulators/main.ts --scenario FILE --gateway URL --mqtt URL --token-file FILE

  --scenario FILE    the city and its timeline, such as simulators/scenarios/demo-ningbo.yaml
  --gateway URL      HTTP address of the gateway, such as http://127.0.0.1:8080
  --mqtt URL         MQTT address of the gateway, such as mqtt://127.0.0.1:1883
  --token-file FILE  file with an API token that may register devices
  --plain            pictures without name and clock; no ffmpeg, for hundreds of cameras
  --ffmpeg PATH      ffmpeg for the pictures (ffmpeg)
  --discovery IP     answer WS-Discovery on the interface with this address
  --ledger FILE      append what reaches the command centre to this file
  --no-timeline      nothing happens beyond everyday life
  --prefix TEXT      put before every id and name (sim- and four digits of chance, and -)
  --take-over        use the scenario's own names, and what is there under them already, with new credentials
  --keep             at the end, leave at the gateway what was made there
`;

const options = {
  scenario: { type: 'string' },
  gateway: { type: 'string' },
  mqtt: { type: 'string' },
  'token-file': { type: 'string' },
  plain: { type: 'boolean', default: false },
  ffmpeg: { type: 'string' },
  discovery: { type: 'string' },
  ledger: { type: 'string' },
  'no-timeline': { type: 'boolean', default: false },
  prefix: { type: 'string' },
  'take-over': { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

class UsageError extends Error {}

function readArguments() {
  try {
    const { values } = parseArgs({ options });
    if (values.help) return values;
    for (const name of ['scenario', 'gateway', 'mqtt', 'token-file'] as const) {
      if (!values[name]) throw new UsageError(`--${name} is missing`);
    }
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function emit(event: CityEvent): void {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
}

async function run(): Promise<void> {
  const values = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const fileError = (error: unknown): never => {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  };
  const prefix = values.prefix ?? (values['take-over'] ? '' : `sim-${randomBytes(2).toString('hex')}-`);
  const named = readScenario(values.scenario ?? '').then((scenario) => withPrefix(scenario, prefix));
  const scenario = await named.catch(fileError);
  const token = (await readFile(values['token-file'] ?? '', 'utf8').catch(fileError)).trim();
  const city = new City({
    scenario,
    gateway: new GatewayClient(values.gateway ?? '', token),
    mqttUrl: values.mqtt ?? '',
    emit,
    plain: values.plain,
    takeOver: values['take-over'],
    keep: values.keep,
    ...(values.ffmpeg ? { ffmpeg: values.ffmpeg } : {}),
    ...(values.discovery ? { discovery: values.discovery } : {}),
    ...(values.ledger ? { ledgerPath: values.ledger } : {}),
  });
  let stopping: Promise<void> | null = null;
  const stop = (): void => {
    stopping ??= city.stop().finally(() => process.exit(process.exitCode ?? 0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    emit({ event: 'begins', prefix });
    await city.start();
    if (!values['no-timeline']) city.runTimeline();
  } catch (error) {
    // Stopped while starting: what was under way fails, and that is no failure.
    if (stopping) return;
    process.exitCode = 1;
    process.stderr.write(`The simulated city failed: ${error instanceof Error ? error.message : String(error)}\n`);
    stop();
  }
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}; see --help\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
