import type { World } from '../world.ts';
import { jsonFailure, readJson } from './json-protocol.ts';
import type { AwsFault, AwsRequest, AwsResponse, AwsService } from './transport.ts';

type Value = { S?: string; N?: string; SS?: string[]; L?: Value[] };
export type Item = Readonly<Record<string, Value>>;

/** Pages are short, so that queries have several. */
const MAX_ITEMS = 5;

type Update = (item: Item, values: Item) => Record<string, Value | undefined>;

/** The update expressions that the functions use. */
const UPDATES: Readonly<Record<string, Update>> = {
  'ADD rowSks :sks': ({ rowSks }, { ':sks': added }) => ({
    rowSks: { SS: [...new Set([...(rowSks?.SS ?? []), ...(added?.SS ?? [])])] },
  }),
  'SET sessionUpAt = :at REMOVE sessionDownSince': (_, { ':at': at }) => ({
    sessionUpAt: at,
    sessionDownSince: undefined,
  }),
  'SET sessionDownSince = if_not_exists(sessionDownSince, :at)': ({ sessionDownSince }, { ':at': at }) => ({
    sessionDownSince: sessionDownSince ?? at,
  }),
  'SET reconciledUpTo = :upTo': (_, { ':upTo': upTo }) => ({ reconciledUpTo: upTo }),
  'ADD failedRecentRuns :one': ({ failedRecentRuns }) => ({ failedRecentRuns: oneMore(failedRecentRuns) }),
  'SET failedRecentRuns = :none': (_, { ':none': none }) => ({ failedRecentRuns: none }),
  'ADD failedWideRuns :one': ({ failedWideRuns }) => ({ failedWideRuns: oneMore(failedWideRuns) }),
  'SET failedWideRuns = :none': (_, { ':none': none }) => ({ failedWideRuns: none }),
};

const oneMore = (count: Value | undefined): Value => ({ N: String(Number(count?.N ?? 0) + 1) });

/** The condition of `SET reconciledUpTo`: a later time, without a gap. */
function isAllowed({ reconciledUpTo }: Item, { ':from': from, ':upTo': upTo }: Item): boolean {
  const [before = '', first = '', last = ''] = [reconciledUpTo?.S, from?.S, upTo?.S];
  return before === '' || (before >= first && before < last);
}

/** A table with the keys `pbx` and `sk`, in memory. It knows what the functions use, and throws for anything else. */
export class DynamoDb implements AwsService {
  readonly name = 'dynamodb';
  readonly #items = new Map<string, Item>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  get items(): Item[] {
    return [...this.#items.values()];
  }

  describe(request: AwsRequest): string {
    const { operation, input } = readJson(request);
    const { sk } = (input.Key ?? input.Item ?? {}) as Item;
    return `${operation} ${sk?.S ?? ''}`;
  }

  faults(): ReturnType<AwsService['faults']> {
    return [
      ['dynamodb-500', 'error'],
      ['dynamodb-throttled', 'throttled'],
      ['dynamodb-slow', 'slow'],
      ['dynamodb-response-lost', 'response-lost'],
    ];
  }

  permissions(request: AwsRequest): ReturnType<AwsService['permissions']> {
    const { operation, input } = readJson(request);
    return [{ action: `dynamodb:${operation}`, resource: String(input.TableName) }];
  }

  responseFor(fault: AwsFault | 'denied'): AwsResponse {
    if (fault === 'denied') return jsonFailure(400, 'AccessDeniedException');
    return fault === 'throttled'
      ? jsonFailure(400, 'ProvisionedThroughputExceededException')
      : jsonFailure(500, 'InternalServerError');
  }

  handle(request: AwsRequest): AwsResponse {
    const { operation, input } = readJson(request);
    if (operation === 'Query') return this.#query(input);
    const key = (input.Key ?? input.Item) as Item;
    const id = `${key.pbx?.S} ${key.sk?.S}`;
    const before = this.#items.get(id);
    const old = before && { Attributes: before };
    switch (operation) {
      case 'GetItem':
        return succeed(before ? { Item: before } : {});
      case 'PutItem':
        this.#items.set(id, key);
        return succeed(old ?? {});
      case 'DeleteItem':
        this.#items.delete(id);
        return succeed(old ?? {});
      case 'UpdateItem':
        return this.#update(id, key, input);
      default:
        throw new Error(`The simulated DynamoDB does not know ${operation}.`);
    }
  }

  #update(id: string, key: Item, input: Record<string, unknown>): AwsResponse {
    const values = input.ExpressionAttributeValues as Item;
    const update = UPDATES[String(input.UpdateExpression)];
    if (update === undefined)
      throw new Error(`The simulated DynamoDB does not know ${input.UpdateExpression}.`);
    const before = this.#items.get(id) ?? key;
    if (input.ConditionExpression !== undefined && !isAllowed(before, values)) {
      return jsonFailure(400, 'ConditionalCheckFailedException');
    }
    const changed = update(before, values);
    const entries = Object.entries({ ...before, ...changed });
    const after: Item = Object.fromEntries(
      entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    this.#items.set(id, after);
    if (input.ReturnValues === 'UPDATED_NEW') return succeed({ Attributes: changed });
    return succeed(input.ReturnValues === 'ALL_NEW' ? { Attributes: after } : {});
  }

  #query(input: Record<string, unknown>): AwsResponse {
    const values = input.ExpressionAttributeValues as Item;
    const [pbx = '', from = '', to = ''] = [':pbx', ':from', ':to'].map((name) => values[name]?.S);
    const after = (input.ExclusiveStartKey as Item | undefined)?.sk?.S ?? '';
    const skOf = (item: Item) => item.sk?.S ?? '';
    const found = this.items
      .filter((item) => item.pbx?.S === pbx && skOf(item) >= from && skOf(item) <= to && skOf(item) > after)
      .sort((a, b) => (skOf(a) < skOf(b) ? -1 : 1));
    const Items = found.slice(0, MAX_ITEMS);
    const { pbx: lastPbx, sk } = Items.at(-1) ?? {};
    const isLast = found.length <= MAX_ITEMS;
    this.#world.trace.add('dynamodb', `${found.length} rows of ${pbx}`);
    return succeed({
      Items,
      Count: Items.length,
      ...(!isLast && { LastEvaluatedKey: { pbx: lastPbx, sk } }),
    });
  }
}

const succeed = (output: object): AwsResponse => ({ status: 200, body: JSON.stringify(output) });
