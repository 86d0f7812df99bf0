import { badResponse } from '../errors.ts';

/**
 * The path of a file, from `download_resource_url`. The request for it carries the token, so it must not lead anywhere
 * else: it has to be relative, below `/api/`, and nothing but a path.
 */
export function readResourcePath(url: string): string {
  const path = decode(url.startsWith('/') ? url : `/${url}`);
  const segments = path.split('/').slice(1);
  const isSafe =
    path.isWellFormed() &&
    path.startsWith('/api/') &&
    !/[?#\\%\p{Cc}]/u.test(path) &&
    segments.every((segment) => !['', '.', '..'].includes(segment));
  if (!isSafe) throw badResponse('download_resource_url is not a path below /api/');
  return encodeURI(path);
}

/** Encoded dots and slashes would otherwise get through. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
