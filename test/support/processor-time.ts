/**
 * Starts to count the processor time of this process; what it returns stops, and answers milliseconds. A busy machine
 * makes everything take longer, but not cost more.
 */
export function countProcessorTime(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return Math.round((user + system) / 1_000);
  };
}
