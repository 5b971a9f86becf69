import { codeFingerprint } from '../../runtime/protocol/code-fingerprint.ts';
import { sha256 } from '../../runtime/protocol/sha256.ts';
import type { AnyAggregateDefinition } from './define-aggregate.ts';

/**
 * Identifies the code that folds events into state: the structure of the machine, and the text of its functions, of
 * the upcasters and of `migrate`. A snapshot made by other code is not used unless it is migrated, and the stream is
 * replayed instead. What a function calls elsewhere is not seen: for that there is `version`.
 */
export function fingerprintOf(definition: AnyAggregateDefinition): string {
  const { config, implementations } = definition.machine;
  const { version, input, upcast, migrate } = definition;
  const code = [version, config, implementations, input, upcast, migrate];
  return codeFingerprint(version, sha256(JSON.stringify(code.map((part) => describe(part)))));
}

function describe(value: unknown, ancestors: readonly unknown[] = []): unknown {
  if (typeof value === 'function') return [String(value), describe({ ...value }, ancestors)];
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
  if (ancestors.includes(value) || ancestors.length > 50) return 'again';
  const within = [...ancestors, value];
  if (Array.isArray(value)) return value.map((item) => describe(item, within));
  return Object.entries(value).map(([key, item]) => [key, describe(item, within)]);
}
