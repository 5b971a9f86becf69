import { invalidOption } from '../protocol/options.ts';
import type { NamedBinding } from './binding.ts';
import { cycle, scopeLeak, unknownBinding } from './container-errors.ts';

/** What a container is made from: bindings that fit together. */
export interface Plan {
  readonly bindings: ReadonlyMap<string, NamedBinding>;
  /** The names of those that are made with the container, in order. */
  readonly eager: readonly string[];
}

/**
 * Puts bindings together, and checks what can be known before any factory has run: that dependencies which are named are
 * there, live long enough and do not wait for one another.
 */
export class PlanInMaking {
  readonly #bindings = new Map<string, NamedBinding>();
  readonly #eager: string[] = [];
  /** Whether everything that is named was bound before whoever names it, and so cannot wait for it. */
  #isInOrder = true;
  #hasOverrides = false;

  /** @throws HOLDFAST_ERR_OPTION_INVALID for a name that is taken, HOLDFAST_ERR_CONTAINER_SCOPE. */
  add(binding: NamedBinding): void {
    const { name, needs } = binding;
    const bindings = this.#bindings;
    if (needs !== undefined) this.#checkNeeds(binding, needs);
    const { size } = bindings;
    bindings.set(name, binding);
    if (binding.isOverride) {
      this.#isInOrder = false;
      this.#hasOverrides = true;
    } else if (bindings.size === size)
      throw invalidOption(
        `Two bindings are called "${name}". Replace one with \`with\`, or give it another name.`,
      );
    else if (binding.kind === 'eager') this.#eager.push(name);
  }

  #checkNeeds(binding: NamedBinding, needs: readonly string[]): void {
    for (const need of needs) {
      const dependency = this.#bindings.get(need);
      if (dependency === undefined) this.#isInOrder = false;
      else checkLifetime(binding, dependency);
    }
  }

  /** @throws HOLDFAST_ERR_CONTAINER_BINDING_UNKNOWN, HOLDFAST_ERR_CONTAINER_SCOPE, HOLDFAST_ERR_CONTAINER_CYCLE. */
  finish(): Plan {
    if (!this.#isInOrder) checkAll(this.#bindings);
    return { bindings: this.#bindings, eager: this.#hasOverrides ? madeEarly(this.#bindings) : this.#eager };
  }
}

/** A plain value that is replaced by a factory has to be there from the start as well. */
function madeEarly(bindings: ReadonlyMap<string, NamedBinding>): string[] {
  return [...bindings.values()]
    .filter(({ kind, factory }) => kind === 'eager' || (kind === 'value' && factory !== undefined))
    .map(({ name }) => name);
}

function checkAll(bindings: ReadonlyMap<string, NamedBinding>): void {
  for (const binding of bindings.values()) {
    for (const need of binding.needs ?? []) {
      const dependency = bindings.get(need);
      if (dependency === undefined) throw unknownBinding(need, [...bindings.keys()], binding.name);
      checkLifetime(binding, dependency);
    }
  }
  refuseCycles(bindings);
}

function checkLifetime({ name, kind }: NamedBinding, dependency: NamedBinding): void {
  if (dependency.kind === 'scoped' && kind !== 'scoped') throw scopeLeak([name, dependency.name]);
}

/** Depth first, without recursion: a chain of dependencies may be longer than the stack is deep. */
function refuseCycles(bindings: ReadonlyMap<string, NamedBinding>): void {
  const done = new Set<string>();
  for (const first of bindings.keys()) {
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
