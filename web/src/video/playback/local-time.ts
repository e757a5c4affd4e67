/** A moment as a field of type `datetime-local` has it, to the second, in the reader's own time. */
export function localText(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
