import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { StandardSchema } from './standard-schema.ts';

/**
 * Validates a payload at the door and returns what the schema made of it. Only schemas that answer at once: waiting
 * for one would let later commands overtake this one.
 *
 * @throws HOLDFAST_ERR_PAYLOAD_INVALID with `issues`.
 */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  what: string,
): Output {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    // Nobody waits for it, and Node.js ends a process for what nobody catches.
    result.catch(() => undefined);
    throw holdfastError(
      'HOLDFAST_ERR_PAYLOAD_INVALID',
      `The schema of ${what} validates asynchronously, which would change the order of commands. Use a synchronous one.`,
      { path: what },
    );
  }
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
    return keys.length === 0 ? message : `${keys.join('.')}: ${message}`;
  });
  const message = `${what} does not match its schema: ${issues.join('; ')}.`;
  throw holdfastError('HOLDFAST_ERR_PAYLOAD_INVALID', message, { path: what, issues });
}

/** The data of an event, as the schema of its type makes it; as it is if there is none. */
export function validateEvent(schemas: object, type: string, data: unknown): unknown {
  if (!Object.hasOwn(schemas, type)) return data;
  const { [type]: schema } = schemas as Record<string, StandardSchema | undefined>;
  return schema === undefined ? data : validate(schema, data, type);
}
