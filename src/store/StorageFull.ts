/**
 * Thrown if the disk is full. Stored data is not damaged.
 */
export class StorageFull extends Error {
  /**
   * @param message - Names the full file or disk.
   */
  public constructor(message: string) {
    super(message);
    this.name = 'StorageFull';
  }
}
