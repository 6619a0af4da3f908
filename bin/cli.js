#!/usr/bin/env node
// Grants, publishes, follows and reads events of Solid pods: see docs/cli.md.
require('../dist/cli').main();
