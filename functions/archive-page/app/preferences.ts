type Preference = 'language' | 'keys' | 'volume' | 'name';

/** What a person has chosen, kept in this browser. Storage may be forbidden; then the page forgets. */
export function readPreference(name: Preference): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function savePreference(name: Preference, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The choice holds until the page is closed.
  }
}
