import { dirname, join } from 'node:path';
import { ROOT } from '../root.ts';

export interface FaultyProgram {
  /** The gateway. */
  program: string;
  /** What is to be loaded before it, and wraps the modules that it uses. */
  faults: string;
}

interface Bundler {
  bundleOf(wanted: { into: string; folders: string[]; beside: Record<string, string> }): Promise<string>;
}

/** The gateway and what makes its faults, bundled together: half of what a start from 1,500 modules costs. */
export async function faultyProgram(): Promise<FaultyProgram> {
  const { bundleOf } = (await import(join(ROOT, 'scripts/bundle.mjs'))) as Bundler;
  const program = await bundleOf({
    into: join(ROOT, '.cache/faulty-gateway'),
    folders: ['src', 'test/support/faults', 'test/support/time'],
    beside: { faults: join(import.meta.dirname, 'in-gateway.ts') },
  });
  return { program, faults: join(dirname(program), 'faults.mjs') };
}
