import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createS3Client } from '../../../../functions/shared/aws-clients.ts';

/** Object Lock of a version, in the headers of S3's HeadObject. */
export type Lock = Readonly<Record<`x-amz-object-lock-${string}`, string>>;

interface Version {
  id: string;
  isDeleteMarker: boolean;
  lock?: Lock | undefined;
}

/** Small, so that a listing has several pages. */
const PAGE_SIZE = 2;

/**
 * One bucket with versions and Object Lock, which the embedded S3 does not have, as Amazon's user guide describes them:
 * deleting an object adds a delete marker, deleting a version removes it unless it is locked.
 */
export async function startVersionedS3() {
  /** By key; the newest version first. */
  const objects = new Map<string, Version[]>();
  /** Writes, in order: method, key, version. */
  const writes: string[] = [];
  let nextId = 1;
  const add = (key: string, version: Omit<Version, 'id'> = { isDeleteMarker: false }) => {
    const added = { id: `v${nextId++}`, ...version };
    objects.set(key, [added, ...(objects.get(key) ?? [])]);
    return added.id;
  };

  function respond({ method = '', url = '', headers }: IncomingMessage): Response {
    const { pathname, searchParams } = new URL(url, 'http://s3');
    const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
    if (method === 'GET' && searchParams.has('versions')) return list(searchParams);
    if (method === 'GET' && searchParams.has('uploads')) return xml('<ListMultipartUploadsResult/>');
    const id = searchParams.get('versionId');
    const versions = objects.get(key) ?? [];
    if (method === 'HEAD') {
      const version = id === null ? versions[0] : versions.find((candidate) => candidate.id === id);
      const isThere = version !== undefined && !version.isDeleteMarker;
      return new Response(null, { status: isThere ? 200 : 404, headers: version?.lock ?? {} });
    }
    writes.push([method, key, id].filter(Boolean).join(' '));
    if (method === 'PUT') {
      if (headers['if-none-match'] === '*' && versions[0]?.isDeleteMarker === false)
        return error(412, 'PreconditionFailed');
      add(key);
      return new Response(null);
    }
    if (id === null) {
      add(key, { isDeleteMarker: true });
      return new Response(null, { status: 204 });
    }
    if (versions.find((version) => version.id === id)?.lock !== undefined) return error(403, 'AccessDenied');
    const remaining = versions.filter((version) => version.id !== id);
    if (remaining.length > 0) objects.set(key, remaining);
    else objects.delete(key);
    return new Response(null, { status: 204 });
  }

  function list(query: URLSearchParams): Response {
    const entries = [...objects]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .filter(([key]) => key.startsWith(query.get('prefix') ?? ''))
      .flatMap(([key, versions]) =>
        versions.map((version, index) => ({ key, ...version, isLatest: index === 0 })),
      );
    const [keyMarker, idMarker] = [query.get('key-marker'), query.get('version-id-marker')];
    const start = entries.findIndex(({ key, id }) => key === keyMarker && id === idMarker) + 1;
    const page = entries.slice(start, start + PAGE_SIZE);
    const last = page.at(-1);
    const encode = (key = '') => encodeURIComponent(key).replaceAll('%2F', '/');
    const elements = page.map(({ key, id, isDeleteMarker, isLatest }) => {
      const name = isDeleteMarker ? 'DeleteMarker' : 'Version';
      return `<${name}><Key>${encode(key)}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest></${name}>`;
    });
    const isTruncated = start + PAGE_SIZE < entries.length;
    const next = `<NextKeyMarker>${encode(last?.key)}</NextKeyMarker><NextVersionIdMarker>${last?.id}</NextVersionIdMarker>`;
    return xml(
      `<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>${isTruncated ? next : ''}${elements.join('')}</ListVersionsResult>`,
    );
  }

  const server = createServer(async (request, response) => {
    request.resume();
    const result = respond(request);
    response.writeHead(result.status, Object.fromEntries(result.headers)).end(await result.text());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const s3 = createS3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'key-of-the-versioned-s3' },
  });
  return { s3, objects, writes, add };
}

const xml = (text: string, status = 200) =>
  new Response(text, { status, headers: { 'content-type': 'application/xml' } });

const error = (status: number, code: string) => xml(`<Error><Code>${code}</Code></Error>`, status);
