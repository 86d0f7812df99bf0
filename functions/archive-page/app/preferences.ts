type Preference = 'language' | 'keys' | 'volume' | 'name';

/** Settings that a person has chosen, kept in this browser. If the browser forbids storage, they last until reload. */
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
