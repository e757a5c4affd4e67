import { main } from '../../../src/app/cli.ts';
import { KnownSecrets } from '../../../src/core/observe.ts';

export interface CommandRun {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs `citywatch <args>` in this process with `env` added: what the script does once set-up is done. */
export async function commandInProcess(args: string[], env: Record<string, string> = {}): Promise<CommandRun> {
  const said = { stdout: '', stderr: '' };
  const before = { ...process.env };
  Object.assign(process.env, env);
  const status = await main(args, {
    print: (line) => {
      said.stdout += `${line}\n`;
    },
    complain: (line) => {
      said.stderr += `${line}\n`;
    },
    secrets: new KnownSecrets(),
  });
  process.env = before;
  return { status, ...said };
}
