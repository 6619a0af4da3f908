import type { ConformanceCase } from './ConformanceCase';

const names = `(firstname = 'Francesco' AND lastname = 'Guardiani') OR subject = 'Francesco Guardiani'`;
const either = `firstname = 'Francesco' OR subject = 'Francesco'`;

/** Examples of the specification: 10 cases. */
export const EXAMPLES: readonly ConformanceCase[] = [
  [ 'int(hop) < int(ttl) and int(hop) < 1000', true, undefined, { hop: '5', ttl: '10' }],
  [ 'INT(hop) < INT(ttl) AND INT(hop) < 1000', true, undefined, { hop: '5', ttl: '10' }],
  [ 'hop < ttl', true, undefined, { hop: '5', ttl: '10' }],
  [ 'sequence = 5', true, undefined, { sequence: '5' }],
  [ 'sequence = 5', false, undefined, { sequence: '6' }],
  [ either, true, undefined, { subject: 'Francesco', firstname: 'Doug' }],
  [ either, true, undefined, { firstname: 'Francesco', subject: 'Doug' }],
  [ names, true, undefined, { subject: 'Doug', firstname: 'Francesco', lastname: 'Guardiani' }],
  [ names, true, undefined, { subject: 'Francesco Guardiani', firstname: 'Doug', lastname: 'Davis' }],
  [ 'EXISTS subject', true, undefined, { subject: 'Francesco Guardiani' }],
];
