import { XMLParser } from 'fast-xml-parser';
import * as v from 'valibot';
import { S3Error } from './errors.ts';
import type { S3Response } from './operation.ts';

/** Content of an element. An array renders as several elements of the same name, `undefined` as none. */
type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml };

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function xmlResponse(root: string, content: Xml): S3Response {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${renderElement(root, content)}`;
  return { headers: { 'content-type': 'application/xml' }, body };
}

function renderElement(name: string, content: Xml): string {
  return content === undefined ? '' : `<${name}>${renderContent(content)}</${name}>`;
}

function renderContent(content: Xml): string {
  if (typeof content !== 'object') return escapeXml(String(content ?? ''));
  return Object.entries(content)
    .flatMap(([name, value]) => [value].flat().map((item) => renderElement(name, item)))
    .join('');
}

function escapeXml(text: string): string {
  // Control characters are escaped, as S3 does it: a parser would otherwise turn \r into \n.
  const toReference = (character: string) => ENTITIES[character] ?? `&#${character.charCodeAt(0)};`;
  return text.replace(/[&<>"\p{Cc}]/gu, toReference);
}

const parser = new XMLParser({
  parseTagValue: false,
  isArray: (name) => name === 'Part',
  // The default limits are too low for ten thousand parts with quoted ETags.
  processEntities: { maxExpandedLength: Number.MAX_SAFE_INTEGER },
  htmlEntities: true,
});

/** Throws `MalformedXML` unless the document is XML of that shape. */
export function parseXml<T extends v.GenericSchema>(schema: T, document: Buffer): v.InferOutput<T> {
  try {
    return v.parse(schema, parser.parse(document.toString('utf8'), true));
  } catch {
    throw new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or not of the expected form.',
    );
  }
}
