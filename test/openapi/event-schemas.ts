import { toJsonSchema } from '@valibot/to-json-schema';
import { EVENT_SCHEMAS } from '../../functions/shared/events/schemas.ts';

/** The JSON Schemas of the events' `detail`, with their files. */
export function buildEventSchemas(): { type: string; file: string; document: object }[] {
  return Object.entries(EVENT_SCHEMAS).map(([type, schema]) => ({
    type,
    file: `docs/events/${type.toLowerCase().replaceAll(' ', '-')}.schema.json`,
    document: { title: type, ...toJsonSchema(schema) },
  }));
}
