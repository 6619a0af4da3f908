/** Name of the target kind of recipients. */
export const RECIPIENT = 'recipient';
