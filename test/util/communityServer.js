// Jest loads the modules of a package for each test file again; the 1,500 of the server are loaded once in a process.
module.exports = globalThis.requireOutside('@solid/community-server');
