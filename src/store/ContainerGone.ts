/**
 * Thrown if the target container of a write was deleted. Nothing is stored.
 */
export class ContainerGone extends Error {
  /** URL of the container. */
  public readonly container: string;

  public constructor(container: string) {
    super(`${container} was deleted; create it again to store events in it`);
    this.container = container;
  }
}
