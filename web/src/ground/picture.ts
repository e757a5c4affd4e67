const asked = new Set<() => void>();

/**
 * Runs `look` before the next picture of the page, once however often it is asked for. All who look do so together,
 * before anything of what they change is drawn: one that looks after another has drawn would have the page laid out
 * twice for one picture. One that throws is reported, and holds up no other.
 */
export function beforePicture(look: () => void): void {
  if (asked.size === 0) requestAnimationFrame(lookAll);
  asked.add(look);
}

function lookAll(): void {
  const all = [...asked];
  asked.clear();
  for (const look of all) {
    try {
      look();
    } catch (error) {
      reportError(error);
    }
  }
}
