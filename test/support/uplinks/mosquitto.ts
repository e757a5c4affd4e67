import { spawn } from 'node:child_process';
import { judge } from '../judges.ts';

export interface Login {
  port: number;
  id: string;
  secret: string;
  /** Where it differs from the id. */
  user?: string;
}

export interface Outcome {
  /** Null when it had to be ended after `limitMs`. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs Debian's mosquitto_pub or mosquitto_sub with `args`, and lines for its standard input. */
export async function mosquitto(
  program: 'mosquitto_pub' | 'mosquitto_sub',
  { port, id, secret, user = id }: Login,
  args: string[],
  { lines = [], limitMs = 20_000 }: { lines?: string[]; limitMs?: number } = {},
): Promise<Outcome> {
  const { command, env } = await judge(program);
  const login = ['-h', '127.0.0.1', '-p', String(port), '-i', id, '-u', user, '-P', secret];
  const child = spawn(command, [...login, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  child.stdin.on('error', () => {});
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { status, ...said };
}
