import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { errorSchema } from '../../functions/shared/api/contract.ts';
import { OPERATIONS, type Operation } from './operations.ts';

type Json = Record<string, unknown>;

/** The OpenAPI document of the API, made from the schemas that the functions use. */
export function buildDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const [route, operation] of Object.entries(OPERATIONS)) {
    const [method = '', path = ''] = route.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: toOperation(path, operation) };
  }
  const responses = Object.values(OPERATIONS).flatMap(({ response = [] }) => response);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Recordings of a PBX recording archive',
      version: '1',
      description:
        'Finds recordings and hands out links to them. docs/operations.md says how to use it, and ' +
        'docs/configuration.md who may. With the authorization `iam`, requests are signed with SigV4 for the service ' +
        '`execute-api` instead.',
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'The link token, or with `jwt` an access token.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-session',
          description: 'Session of a browser.',
        },
      },
      schemas: Object.fromEntries(
        [...responses, error].map(({ name, schema }) => [name, convert(schema, 'output')]),
      ),
    },
  };
}

const error = { name: 'Error', schema: errorSchema };

function toOperation(path: string, operation: Operation): Json {
  const { id, summary, description, isPublic, parameters, body, errors = {} } = operation;
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    ...(isPublic && { security: [] }),
    ...(parameters && { parameters: toParameters(path, parameters) }),
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: convert(body, 'input') } },
      },
    }),
    responses: toResponses(operation, {
      ...((parameters || body) && {
        400: 'A parameter is wrong. `parameter` and `message` say which one and why.',
      }),
      ...(!isPublic && { 401: 'Nobody has signed in. With `iam` and `jwt`, API Gateway may say so itself.' }),
      ...(body && { 413: 'The body is too large.', 415: 'The body is not `application/json`.' }),
      503: 'AWS failed. Try again.',
      ...errors,
    }),
  };
}

function toResponses(
  { response, status = 200, contentType = 'application/json', isAlsoCsv }: Operation,
  errors: Record<number, string>,
): Json {
  const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  const refusals = Object.entries(errors).map(([code, description]) => [
    code,
    { description, content: { 'application/json': { schema: schema(error.name) } } },
  ]);
  const success = {
    description: status === 204 ? 'Done.' : 'OK',
    ...(response !== undefined && {
      content: {
        [contentType]: { schema: schema(response.name) },
        ...(isAlsoCsv && { 'text/csv': { schema: { type: 'string' } } }),
      },
    }),
  };
  return { [status]: success, ...Object.fromEntries(refusals) };
}

function toParameters(path: string, { schema, descriptions }: NonNullable<Operation['parameters']>): Json[] {
  return Object.entries(schema.entries).map(([name, entry]) => {
    const isInPath = path.includes(`{${name}}`);
    const parameter = toParameter(entry as unknown as Entry);
    const description = descriptions[name];
    if (description === undefined) throw new Error(`operations.ts says nothing about the parameter ${name}.`);
    return {
      name,
      in: isInPath ? 'path' : 'query',
      description,
      ...(isInPath || entry.type !== 'optional' ? { required: true } : {}),
      ...parameter,
    };
  });
}

interface Item {
  kind: string;
  type: string;
  requirement?: unknown;
  item?: v.GenericSchema;
}
interface Entry extends Item {
  wrapped?: Entry;
  default?: unknown;
  pipe?: Item[];
}

/** A parameter is text, which the schema makes a number or a list of. OpenAPI describes what it stands for. */
function toParameter(entry: Entry): Json {
  const { pipe = [] } = entry.wrapped ?? entry;
  const requirementOf = (type: string) => pipe.find((item) => item.type === type)?.requirement;
  const list = pipe.find(({ type }) => type === 'array')?.item;
  if (list !== undefined) {
    const items = convert(list, 'input');
    return {
      style: 'form',
      explode: false,
      schema: { type: 'array', items, minItems: 1, maxItems: requirementOf('max_length') },
    };
  }
  if (requirementOf('max_value') !== undefined) {
    return {
      schema: {
        type: 'integer',
        minimum: requirementOf('min_value'),
        maximum: requirementOf('max_value'),
        ...(typeof entry.default === 'string' && { default: Number(entry.default) }),
      },
    };
  }
  return { schema: convert(entry as unknown as v.GenericSchema, 'input') };
}

function convert(schema: v.GenericSchema, typeMode: 'input' | 'output'): JsonSchema {
  const { $schema, ...converted } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode,
    // What cannot be expressed, such as that a day exists, is left to the API.
    errorMode: 'ignore',
  });
  return converted;
}
