/**
 * Thrown if the target container of a write was deleted. Nothing is stored.
 */
export class ContainerGone extends Error {
  /** The URL of the container. */
  public readonly container: string;

  public constructor(container: string) {
    super(`${container} was deleted: create it again to have events stored in it`);
    this.container = container;
  }
}
