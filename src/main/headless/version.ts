declare const __POTTER_VERSION__: string | undefined;

/** The version of package.json, put in by the build. */
export const packageVersion = typeof __POTTER_VERSION__ === 'string' ? __POTTER_VERSION__ : '0.0.0-source';
