/**
 * Of `node:http`. An `import` of that module reads everything it offers, and one of those things loads the fetch of Node
 * itself, which nothing here uses and which takes some 25 ms of each start.
 */
export const { createServer } = process.getBuiltinModule('node:http');
