/**
 * How much memory the gateway's Node takes before it tidies up (`docs/performance-history.md` has what was measured). By itself
 * it would take as much as the machine seems to have to spare, and the servers beside it have to live there, too.
 *
 * Half a space for young objects is 8 MiB and not 32: a collection copies what lives, which is little. The rest grows by
 * half of what lives before it is collected, and not to four times as much; what a start makes lives on, so the first
 * 96 MiB are not looked through until it is over: then the gateway itself asks for it once
 * (`src/platform/process/heap.ts`). At 1 GiB the process ends, and whoever
 * supervises it starts it again: five times what 20,000 devices at full load were seen to take.
 */
export const GATEWAY_NODE_OPTIONS = [
  '--max-semi-space-size=8',
  '--initial-old-space-size=96',
  '--heap-growing-percent=50',
  '--max-old-space-size=1024',
  '--expose-gc',
];

/** Threads share two heaps of the C library, where it would give each its own and give nothing of it back. */
export const GATEWAY_ENVIRONMENT = { MALLOC_ARENA_MAX: '2' };

/**
 * What `scripts/citywatch` starts the gateway by, a line for each: the Node, variables of its environment that the caller
 * has not set, options of Node, and the program.
 */
export function startLines({ node, program }) {
  const unset = Object.entries(GATEWAY_ENVIRONMENT).filter(([name]) => !process.env[name]);
  const variables = unset.map(([name, value]) => `${name}=${value}`);
  return [node, variables.join(' '), GATEWAY_NODE_OPTIONS.join(' '), program].map((line) => `${line}\n`).join('');
}
