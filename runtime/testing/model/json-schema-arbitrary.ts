import { invalidOption } from '../../protocol/options.ts';
import type { FastCheck, FastCheckArbitrary } from './fast-check.ts';

/** The keywords of JSON Schema (draft 2020-12) that are understood. */
interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly type?: string | readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
}

type Made = FastCheckArbitrary<unknown>;

/** How often a schema may refer to itself within one value. */
const depthMax = 4;

/**
 * An arbitrary of the values that a JSON Schema describes. Values of keywords that are not understood may not match the
 * schema: whoever uses them validates.
 */
export function jsonSchemaArbitrary(fc: FastCheck, schema: unknown, owner: string): Made {
  return new Translation(fc, schema as JsonSchema, owner).arbitrary(schema as JsonSchema, 0);
}

class Translation {
  readonly #fc: FastCheck;
  readonly #root: JsonSchema;
  readonly #owner: string;

  constructor(fc: FastCheck, root: JsonSchema, owner: string) {
    this.#fc = fc;
    this.#root = root;
    this.#owner = owner;
  }

  arbitrary(schema: JsonSchema | boolean, depth: number): Made {
    const fc = this.#fc;
    if (typeof schema === 'boolean') return fc.jsonValue({ maxDepth: 1 });
    if (schema.$ref !== undefined) return this.arbitrary(this.#definition(schema.$ref), depth + 1);
    if ('const' in schema) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const options = schema.anyOf ?? schema.oneOf;
    if (options !== undefined) return this.#anyOf(options, depth);
    if (schema.allOf !== undefined) {
      const parts = schema.allOf.map((part) =>
        part.$ref === undefined ? part : this.#definition(part.$ref),
      );
      const { allOf: _, ...rest } = schema;
      return this.arbitrary([rest, ...parts].reduce(merged), depth);
    }
    const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? typesSuggestedBy(schema));
    if (types.length === 0) return fc.jsonValue({ maxDepth: 1 });
    return fc.oneof(...types.map((type) => this.#ofType(type, schema, depth)));
  }

  /** Past a depth, only what does not refer to anything any more. */
  #anyOf(options: readonly JsonSchema[], depth: number): Made {
    const shallow = options.filter((option) => !JSON.stringify(option).includes('"$ref"'));
    const usable = depth >= depthMax && shallow.length > 0 ? shallow : options;
    return this.#fc.oneof(...usable.map((option) => this.arbitrary(option, depth)));
  }

  #ofType(type: string, schema: JsonSchema, depth: number): Made {
    const fc = this.#fc;
    switch (type) {
      case 'null':
        return fc.constant(null);
      case 'boolean':
        return fc.boolean();
      case 'integer':
      case 'number':
        return this.#number(type, schema);
      case 'string':
        return this.#string(schema);
      case 'array':
        return this.#array(schema, depth);
      case 'object':
        return this.#object(schema, depth);
      default:
        throw invalidOption(`${this.#owner}: its JSON Schema has the type "${type}". Give it an arbitrary.`);
    }
  }

  #number(type: string, schema: JsonSchema): Made {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    const isWhole = type === 'integer';
    if (isWhole || multipleOf !== undefined) {
      const unit = multipleOf ?? 1;
      const lowest = Math.max(
        Math.ceil((minimum ?? Number.NEGATIVE_INFINITY) / unit),
        Math.floor((exclusiveMinimum ?? Number.NEGATIVE_INFINITY) / unit) + 1,
      );
      const highest = Math.min(
        Math.floor((maximum ?? Number.POSITIVE_INFINITY) / unit),
        Math.ceil((exclusiveMaximum ?? Number.POSITIVE_INFINITY) / unit) - 1,
      );
      const { min, max } = wholeRange(lowest, highest, unit);
      const steps = this.#fc.integer({ min, max: Math.max(min, max) });
      return unit === 1
        ? steps
        : steps.map(
            (step) => step * unit,
            (value) => (value as number) / unit,
          );
    }
    return this.#fc.double({
      noNaN: true,
      noDefaultInfinity: true,
      ...bound('min', minimum, exclusiveMinimum),
      ...bound('max', maximum, exclusiveMaximum),
    });
  }

  #string({ minLength, maxLength, pattern, format }: JsonSchema): Made {
    const make = format === undefined ? undefined : formats[format];
    if (make !== undefined) return make(this.#fc);
    if (pattern !== undefined) return this.#matching(pattern);
    return this.#fc.string({
      ...(minLength === undefined ? {} : { minLength }),
      ...(maxLength === undefined ? {} : { maxLength }),
    });
  }

  #matching(pattern: string): Made {
    try {
      return this.#fc.stringMatching(new RegExp(pattern));
    } catch (error) {
      throw invalidOption(
        `${this.#owner}: fast-check makes no strings for the pattern ${pattern} (${String(error)}). Give it an arbitrary.`,
      );
    }
  }

  #array(schema: JsonSchema, depth: number): Made {
    const fc = this.#fc;
    const { items = true, prefixItems = [], minItems = 0, maxItems, uniqueItems } = schema;
    const first = prefixItems.map((item) => this.arbitrary(item, depth + 1));
    const fewest = Math.max(0, minItems - first.length);
    const most = depth >= depthMax ? fewest : Math.max(fewest, (maxItems ?? 10) - first.length);
    if (items === false || most === 0) return fc.tuple(...first) as Made;
    const lengths = { minLength: fewest, maxLength: most };
    const item = this.arbitrary(items, depth + 1);
    const rest =
      uniqueItems === true
        ? fc.uniqueArray(item, { ...lengths, selector: (value) => JSON.stringify(value) })
        : fc.array(item, lengths);
    if (first.length === 0) return rest;
    return fc.tuple(fc.tuple(...first), rest).map(([begin, end]) => [...begin, ...end]);
  }

  #object(schema: JsonSchema, depth: number): Made {
    const fc = this.#fc;
    const { properties = {}, required = [], additionalProperties } = schema;
    const kept = Object.entries(properties).filter(([name]) => depth < depthMax || required.includes(name));
    const model = Object.fromEntries(kept.map(([name, each]) => [name, this.arbitrary(each, depth + 1)]));
    const requiredKeys = required.filter((name) => name in model);
    const named = fc.record(model, { requiredKeys, noNullPrototype: true });
    const isMap = typeof additionalProperties === 'object' && Object.keys(properties).length === 0;
    if (!isMap || depth >= depthMax) return named;
    const values = this.arbitrary(additionalProperties, depth + 1);
    return fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), values, {
      maxKeys: 5,
      noNullPrototype: true,
    });
  }

  #definition(reference: string): JsonSchema {
    if (reference === '#') return this.#root;
    const name = /^#\/(?:\$defs|definitions)\/(.+)$/.exec(reference)?.[1] ?? '';
    const found = this.#root.$defs?.[name] ?? this.#root.definitions?.[name];
    if (found !== undefined) return found;
    throw invalidOption(
      `${this.#owner}: its JSON Schema refers to "${reference}", which it does not define.`,
    );
  }
}

function merged(first: JsonSchema, second: JsonSchema): JsonSchema {
  return {
    ...first,
    ...second,
    properties: { ...first.properties, ...second.properties },
    required: [...(first.required ?? []), ...(second.required ?? [])],
  };
}

function typesSuggestedBy(schema: JsonSchema): string[] {
  if (schema.properties !== undefined || schema.additionalProperties !== undefined) return ['object'];
  if (schema.items !== undefined || schema.prefixItems !== undefined) return ['array'];
  if (schema.pattern !== undefined || schema.minLength !== undefined) return ['string'];
  return schema.minimum !== undefined || schema.maximum !== undefined ? ['number'] : [];
}

function bound(end: 'min' | 'max', inclusive: number | undefined, exclusive: number | undefined): object {
  if (exclusive !== undefined) return { [end]: exclusive, [`${end}Excluded`]: true };
  return inclusive === undefined ? {} : { [end]: inclusive };
}

/**
 * From where to where multiples of a unit are drawn: within 32 bits at an end that is open, unless the other end is far
 * from there. The ends of the safe integers are open ones: schema libraries write them for every whole number.
 */
function wholeRange(lowest: number, highest: number, unit: number): { min: number; max: number } {
  const most = Math.floor(Number.MAX_SAFE_INTEGER / Math.max(1, unit));
  const min = lowest > -most ? lowest : Math.min(-2_147_483_648, 2 * highest);
  const max = highest < most ? highest : Math.max(2_147_483_647, 2 * lowest);
  return { min: Math.max(-most, Math.min(min, most)), max: Math.min(most, Math.max(max, -most)) };
}

/** The formats that schema libraries write, where a random string would never match. */
const formats: Readonly<Record<string, (fc: FastCheck) => Made>> = {
  email: (fc) => fc.stringMatching(/^[a-z]{1,8}@[a-z]{1,8}\.(com|org|net)$/),
  uuid: (fc) => fc.uuid(),
  guid: (fc) => fc.uuid(),
  uri: (fc) => fc.webUrl(),
  url: (fc) => fc.webUrl(),
  ipv4: (fc) => fc.ipV4(),
  ipv6: (fc) => fc.ipV6(),
  'date-time': (fc) => moments(fc).map((date) => date.toISOString()),
  date: (fc) => moments(fc).map((date) => date.toISOString().slice(0, 10)),
  time: (fc) => moments(fc).map((date) => date.toISOString().slice(11, 19)),
};

function moments(fc: FastCheck): FastCheckArbitrary<Date> {
  return fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
}
