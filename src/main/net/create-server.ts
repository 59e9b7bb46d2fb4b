/**
 * Of `node:http`. An `import` of that module reads everything it offers, and one of those things loads the fetch of Node
 * itself, which nothing here uses: 13 MB, and a tenth of the time until Potter is ready.
 */
export const { createServer } = process.getBuiltinModule('node:http');
