/**
 * Parses the fields of a query. The guides do not say whether the PBX reads a bare `+` as a plus or as a space, so
 * clients must not send one: here it becomes a character that matches nothing.
 */
export function parseQuery(search: string): Map<string, string> {
  const pairs = search.replace('?', '').split('&');
  return new Map(
    pairs.map((pair) => {
      const [key = '', ...value] = pair.split('=');
      return [decode(key), decode(value.join('='))];
    }),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '\uFFFD'));
  } catch {
    return text;
  }
}
