/**
 * Thrown where something is to be stored in a container that was deleted; nothing was stored then.
 */
export class ContainerGone extends Error {
  /** The URL of the container. */
  public readonly container: string;

  public constructor(container: string) {
    super(`${container} was deleted: create it again to have events stored in it`);
    this.container = container;
  }
}
