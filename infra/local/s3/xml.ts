import { XMLParser } from 'fast-xml-parser';
import * as v from 'valibot';
import { S3Error } from './errors.ts';

/** The content of an element. An array stands for several elements of that name, `undefined` for none. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml };

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function toXml(name: string, content: Xml, namespace = NAMESPACE): string {
  const attribute = namespace === '' ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${renderContent(content)}</${name}>`;
}

function renderContent(content: Xml): string {
  if (typeof content !== 'object') return escapeXml(String(content ?? ''));
  return Object.entries(content)
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((item) => renderElement(name, item)),
    )
    .join('');
}

function renderElement(name: string, content: Xml): string {
  return content === undefined ? '' : `<${name}>${renderContent(content)}</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  // Control characters become references, as in S3's answers: a parser would otherwise turn \r into \n.
  return text.replace(
    /[&<>"\p{Cc}]/gu,
    (character) => ENTITIES[character] ?? `&#${character.charCodeAt(0)};`,
  );
}

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name) => name === 'Part',
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
