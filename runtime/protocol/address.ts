import { holdfastError } from '../errors/holdfast-error.ts';
import { checkName } from './names.ts';

/** Where an actor is: `kind/id`, which is also the name of its stream. The id may hold slashes, the kind may not. */
export type Address = `${string}/${string}`;

/** The address of an instance. */
export function toAddress(kind: string, id: string): Address {
  checkName('The kind of an actor', kind);
  checkName('The id of an actor', id);
  const address = `${kind}/${id}` as const;
  checkName('The address of an actor', address);
  return address;
}

/** The parts of an address. */
export function parseAddress(address: string): { kind: string; id: string } {
  const slash = address.indexOf('/');
  if (slash > 0 && slash < address.length - 1)
    return { kind: address.slice(0, slash), id: address.slice(slash + 1) };
  throw holdfastError('HOLDFAST_ERR_ARGUMENT_INVALID', `"${address}" is no address; it should be kind/id.`);
}

/** Which of `count` hosts an address lives on: always the same one. FNV-1a over UTF-16 units. */
export function hostOf(address: string, count: number): number {
  if (count === 1) return 0;
  let hash = 0x811c9dc5;
  for (let index = 0; index < address.length; index++) {
    hash = Math.imul(hash ^ address.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % count;
}
