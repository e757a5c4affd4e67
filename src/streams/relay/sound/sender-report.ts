/** When something was sent by the camera's own clock, and its stamp then (RTCP sender report, RFC 3550 §6.4.1). */
export interface SenderReport {
  /** Seconds since 1900; only differences mean anything. */
  atS: number;
  told: number;
}

const SENDER_REPORT = 200;
const REPORT_BYTES = 28;

/** Null for any other RTCP packet. */
export function readSenderReport(packet: Buffer): SenderReport | null {
  if (packet.length < REPORT_BYTES || packet[0]! >> 6 !== 2 || packet[1] !== SENDER_REPORT) return null;
  const atS = packet.readUInt32BE(8) + packet.readUInt32BE(12) / 2 ** 32;
  // Cameras whose clock was never set send 0.
  return atS === 0 ? null : { atS, told: packet.readUInt32BE(16) };
}
