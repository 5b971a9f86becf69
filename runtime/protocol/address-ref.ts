import { toAddress } from './address.ts';

const brand = Symbol.for('holdfast.address');

/**
 * The address of another actor in the shape that XState takes as the target of `sendTo`. It is data: it can be kept in
 * a context, and comes back from the disk as what it was.
 */
export class AddressRef {
  /** `kind/id`. */
  readonly address: string;

  constructor(address: string) {
    this.address = address;
    Object.defineProperty(this, brand, { value: true });
    Object.freeze(this);
  }

  /** The same as `address`, which XState's tools show. */
  get id(): string {
    return this.address;
  }
}

/** The address of an instance of a kind, as a target. */
export function addressRef(kind: string, id: string): AddressRef {
  return new AddressRef(toAddress(kind, id));
}

/** Whether a value is an {@link AddressRef}, whichever copy of the package made it. */
export function isAddressRef(value: unknown): value is AddressRef {
  return typeof value === 'object' && value !== null && brand in value;
}
