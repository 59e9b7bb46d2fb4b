/** The package ships no types for its single icons. */
declare module '@tabler/icons-react/dist/esm/icons/*.mjs' {
  import type { ComponentType } from 'react';

  const icon: ComponentType<{ size?: number; stroke?: number; className?: string; 'aria-hidden'?: boolean }>;
  // biome-ignore lint/style/noDefaultExport: the package exports each icon so
  export default icon;
}
