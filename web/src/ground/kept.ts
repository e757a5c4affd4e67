/** A choice that this browser keeps; null where there is none, or storage is forbidden. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`citywatch.${name}`);
  } catch {
    return null;
  }
}

/** Keeps a choice; where storage is forbidden it lasts as long as the page. */
export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`citywatch.${name}`, value);
  } catch {
    // As said above.
  }
}
