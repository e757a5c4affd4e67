import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { tell, tellMachine } from './support/figures.ts';

/**
 * QoS 1 messages a second and their cost in the MQTT listener, from CONNECT to PUBACK with nothing behind it, beside
 * aedes and beside two floors in the same run: the sockets alone, and the codec of npm with sockets. Every figure is
 * the median of {@link RUNS} runs, each with fresh processes; the load generator shares the cores.
 */
const RUNS = 3;
const SUPPORT = join(import.meta.dirname, 'support/listener');

interface Load {
  load: string;
  connections: number;
  messages: number;
  window: number;
}

const LOADS: Load[] = [
  { load: '1 connection, 100 in flight', connections: 1, messages: 100_000, window: 100 },
  { load: '1,000 connections, 1 in flight each', connections: 1_000, messages: 100_000, window: 1 },
  { load: '1,000 connections, 10 in flight each', connections: 1_000, messages: 200_000, window: 10 },
  { load: '1,000 connections, 200 at once each (overdriven)', connections: 1_000, messages: 200_000, window: 200 },
];

const SERVERS = ['sockets only', 'npm codec only', 'citywatch', 'citywatch grouped', 'aedes', 'aedes grouped'];

interface Sample {
  perSecond: number;
  cpuS: number;
  rssMiB: number;
}

function start(file: string, args: string[]): ChildProcess {
  return fork(join(SUPPORT, file), args, { stdio: 'inherit' });
}

async function answer<T>(child: ChildProcess): Promise<T> {
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('ended without an answer'))),
  ]);
  return message as T;
}

async function usage(server: ChildProcess): Promise<{ cpuS: number; rssMiB: number }> {
  server.send('usage');
  return answer(server);
}

async function measure(name: string, { connections, messages, window }: Load): Promise<Sample> {
  const server = start('mqtt-servers.ts', [name]);
  const { port } = await answer<{ port: number }>(server);
  const load = start('mqtt-load.ts', [port, connections, messages, window].map(String));
  const ended = Promise.all([once(server, 'exit'), once(load, 'exit')]);
  await answer(load);
  const before = await usage(server);
  load.send('go');
  const { seconds } = await answer<{ seconds: number }>(load);
  const after = await usage(server);
  server.disconnect();
  await ended;
  return {
    perSecond: messages / seconds,
    cpuS: ((after.cpuS - before.cpuS) * 100_000) / messages,
    rssMiB: after.rssMiB,
  };
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

tellMachine();
const [only = '', onlyLoad = ''] = process.argv.slice(2);
for (const { load, ...sizes } of LOADS.filter(({ load }) => load.includes(onlyLoad))) {
  for (const server of SERVERS.filter((server) => server.startsWith(only))) {
    const samples: Sample[] = [];
    for (let run = 0; run < RUNS; run += 1) samples.push(await measure(server, { load, ...sizes }));
    const speeds = samples.map(({ perSecond }) => perSecond);
    tell(
      'QoS 1 messages through a listener',
      { load, server },
      {
        messages: [median(speeds), '/s'],
        'messages, slowest run': [Math.min(...speeds), '/s'],
        'messages, fastest run': [Math.max(...speeds), '/s'],
        'for 100,000': [median(samples.map(({ cpuS }) => cpuS)), 'CPU s'],
        memory: [median(samples.map(({ rssMiB }) => rssMiB)), 'MiB'],
      },
    );
  }
}
