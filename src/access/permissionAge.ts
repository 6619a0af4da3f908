/**
 * Default maximum age of an access decision, in seconds.
 *
 * It is the longest time after which a change made behind the server applies: an ACL file edited on disk, or a group
 * document of another server.
 */
export const PERMISSION_AGE = 60;
