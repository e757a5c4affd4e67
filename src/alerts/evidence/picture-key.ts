/** Where the store of evidence has a picture of an alert. */
export function pictureKey(alertId: string, evidenceId: string): string {
  return `${alertId}/${evidenceId}.jpg`;
}
