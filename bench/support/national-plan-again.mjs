import { readFileSync } from 'node:fs';

/**
 * Computes the figures of the national plan once more, from the raw file alone: by counting ranks instead of sorting,
 * and item by item instead of incident by incident. Prints one line per set and way.
 */
const traces = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const { set, way, happenings, items } of traces) {
  const beganAt = {};
  for (const one of happenings) if (one.truth === 'incident') beganAt[one.id] = one.atMs;
  const firstAcked = {};
  let right = 0;
  for (const item of items) {
    const told = item.happenings.filter((id) => id in beganAt);
    if (told.length > 0) right += 1;
    for (const id of told) firstAcked[id] = Math.min(firstAcked[id] ?? Infinity, item.ackedAtMs);
  }
  const waits = Object.entries(firstAcked).map(([id, atMs]) => atMs - beganAt[id]);
  const rank = (share) => {
    const needed = Math.max(1, Math.ceil(share * waits.length));
    const enough = waits.filter((one) => waits.filter((other) => other <= one).length >= needed);
    return enough.length === 0 ? 0 : Math.min(...enough) / 1000;
  };
  const mean = waits.length === 0 ? 0 : waits.reduce((all, one) => all + one, 0) / waits.length / 1000;
  const figures = {
    items: items.length,
    right,
    precision: three(items.length === 0 ? 0 : right / items.length),
    incidents: Object.keys(beganAt).length,
    acked: waits.length,
    medianS: three(rank(0.5)),
    p90S: three(rank(0.9)),
    meanS: three(mean),
  };
  process.stdout.write(`${JSON.stringify({ set, way, ...figures })}\n`);
}

function three(value) {
  return Math.round(value * 1000) / 1000;
}
