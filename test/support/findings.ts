/** A fire of a kiosk as the rules leave it for the desk, the `count`-th finding of all. */
export function fireAt(device: string, { count, jurisdiction }: { count: number; jurisdiction: string }) {
  const nowMs = Date.now();
  return {
    id: `f${count}`,
    dedup_key: `kiosk-fire|${device}`,
    rule: 'kiosk-fire',
    rule_version: 1,
    severity: 'extreme',
    subject: device,
    jurisdiction,
    scope: '',
    kind: 'fired' as const,
    lane: 'live',
    journal_offset: count,
    device_at_ms: nowMs,
    received_at_ms: nowMs,
    decided_at_ms: nowMs,
    alert_id: null,
    handled_at_ms: null,
    data: '{}',
  };
}
