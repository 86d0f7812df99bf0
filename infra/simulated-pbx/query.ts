/**
 * The fields of a query. No guide says whether the PBX takes a bare `+` for a plus or for a space, so a
 * client must send neither: here it reads as a character that matches nothing.
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
