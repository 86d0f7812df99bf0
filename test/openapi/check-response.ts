import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { DOCUMENT_FILE } from './file.ts';

interface Document {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >;
  components: { schemas: Record<string, object> };
}

const document: Document = JSON.parse(readFileSync(DOCUMENT_FILE, 'utf8'));
const ajv = new Ajv2020({ allErrors: true, strict: false });
formats.default(ajv);
// What the document does not mention must not be there.
ajv.addSchema({ $id: 'openapi', components: withoutOtherProperties(document.components) });
const validators = new Map<string, ValidateFunction>();

/** Problems of a response, held against docs/openapi.json. A request to no path of it has none. */
export function findProblems(
  method: string,
  path: string,
  response: { status: number; headers: Readonly<Record<string, unknown>>; body: unknown },
): string[] {
  const [template] = Object.keys(document.paths).filter((candidate) => patternOf(candidate).test(path));
  const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
  if (template === undefined || operation === undefined) return [];
  const documented = operation.responses[response.status];
  if (documented === undefined) return [`${method} ${template} does not document ${response.status}`];
  if (documented.content === undefined)
    return response.body === undefined ? [] : [`${response.status} should have no body`];
  const [type = ''] = String(response.headers['content-type']).split(';');
  const content = documented.content[type];
  if (content === undefined) return [`the type is ${type}`];
  const key = JSON.stringify(content.schema);
  const validate = validators.get(key) ?? ajv.compile(JSON.parse(key.replaceAll('"#/', '"openapi#/')));
  validators.set(key, validate);
  return validate(response.body) ? [] : (validate.errors ?? []).map((error) => ajv.errorsText([error]));
}

const patternOf = (template: string) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`);

function withoutOtherProperties<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutOtherProperties) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, part]) => [name, withoutOtherProperties(part)]);
  const copy = Object.fromEntries(entries);
  return copy.type === 'object' && copy.properties ? { additionalProperties: false, ...copy } : copy;
}
