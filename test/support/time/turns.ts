/**
 * Lets the event loop turn. Whatever stands in a socket or a pipe between two parts of this process is read within a
 * few turns, however busy the machine is, so what is not there afterwards is not on its way.
 */
export async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
