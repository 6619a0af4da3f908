/**
 * Something could not be stored because there is no room; what is there is whole.
 */
export class StorageFull extends Error {
  /**
   * @param message - Where there is none.
   */
  public constructor(message: string) {
    super(message);
    this.name = 'StorageFull';
  }
}
