import { stopLeftovers } from './leftovers';

// A test file whose set-up has failed may have no handle of what it started; without this Jest would never exit.
afterAll(stopLeftovers);
