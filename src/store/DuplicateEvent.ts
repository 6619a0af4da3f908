/**
 * Thrown if an event with the same identity is stored. Nothing is stored.
 */
export class DuplicateEvent extends Error {
  public constructor() {
    super('An event with this source and id was published before');
    this.name = 'DuplicateEvent';
  }
}
