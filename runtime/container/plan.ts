import type { NamedBinding } from './binding.ts';
import { cycle, scopeLeak, unknownBinding } from './container-errors.ts';

/** What a container is made from: bindings that fit together. */
export interface Plan {
  readonly bindings: ReadonlyMap<string, NamedBinding>;
  /** The names of the eager ones, in order. */
  readonly eager: readonly string[];
}

/**
 * Checks what can be known before any factory has run: that dependencies which are named are there, live long enough and
 * do not wait for one another.
 *
 * @throws HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN, HOLDFAST_ERR_CONTAINER_SCOPE, HOLDFAST_ERR_CONTAINER_CYCLE.
 */
export function makePlan(bindings: ReadonlyMap<string, NamedBinding>): Plan {
  const eager: string[] = [];
  const dependent: NamedBinding[] = [];
  for (const binding of bindings.values()) {
    if (binding.kind === 'eager') eager.push(binding.name);
    if (binding.needs === undefined || binding.needs.length === 0) continue;
    dependent.push(binding);
    for (const name of binding.needs) checkDependency(binding, name, bindings);
  }
  if (dependent.length > 0) refuseCycles(dependent, bindings);
  return { bindings, eager };
}

function checkDependency(
  { name: by, kind }: NamedBinding,
  name: string,
  bindings: ReadonlyMap<string, NamedBinding>,
): void {
  const dependency = bindings.get(name);
  if (dependency === undefined) throw unknownBinding(name, [...bindings.keys()], by);
  if (dependency.kind === 'scoped' && kind !== 'scoped') throw scopeLeak([by, name]);
}

/** Depth first, without recursion: a chain of dependencies may be longer than the stack is deep. */
function refuseCycles(dependent: readonly NamedBinding[], bindings: ReadonlyMap<string, NamedBinding>): void {
  const done = new Set<string>();
  for (const { name: first } of dependent) {
    const path: string[] = [first];
    const onPath = new Set(path);
    const left: string[][] = [[...needsOf(first, bindings)]];
    while (path.length > 0) {
      const next = (left[left.length - 1] as string[]).shift();
      if (next === undefined) {
        const over = path.pop() as string;
        left.pop();
        onPath.delete(over);
        done.add(over);
      } else if (onPath.has(next)) {
        throw cycle([...path.slice(path.indexOf(next)), next]);
      } else if (!done.has(next)) {
        path.push(next);
        onPath.add(next);
        left.push([...needsOf(next, bindings)]);
      }
    }
  }
}

function needsOf(name: string, bindings: ReadonlyMap<string, NamedBinding>): readonly string[] {
  return bindings.get(name)?.needs ?? [];
}
