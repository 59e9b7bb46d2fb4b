/** The look: colours, type, spacing and corners of every panel. Nothing else names a colour. */
import {
  ActionIcon,
  Button,
  Combobox,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Modal,
  Popover,
  SegmentedControl,
  Tooltip,
} from '@mantine/core';

/** Fired clay: the one accent, for the main action, focus and where you are. */
const clay: MantineColorsTuple = [
  '#fbf1ea',
  '#f4dccd',
  '#ecc1a8',
  '#e7a781',
  '#e39768',
  '#d97f4c',
  '#c0632f',
  '#a3461f',
  '#863818',
  '#662a12',
];

/** Warm greys: paper by day, kiln by night. */
const gray: MantineColorsTuple = [
  '#faf8f5',
  '#f4f1ec',
  '#eae6df',
  '#dcd7cd',
  '#c8c2b6',
  '#a29b8f',
  '#736c61',
  '#575148',
  '#3b3731',
  '#211f1b',
];

const dark: MantineColorsTuple = [
  '#ece8e1',
  '#d2ccc2',
  '#a9a297',
  '#7f786e',
  '#423e38',
  '#322f2a',
  '#282622',
  '#1f1d1a',
  '#181715',
  '#121110',
];

const sans =
  "-apple-system, 'Segoe UI Variable Text', 'Segoe UI', Cantarell, Inter, 'Noto Sans', 'Liberation Sans', 'Hiragino Sans', 'Microsoft YaHei', 'Noto Sans CJK SC', system-ui, sans-serif";
const mono = "ui-monospace, 'SF Mono', 'Cascadia Mono', 'JetBrains Mono', 'Liberation Mono', monospace";

/** What opens over a panel stands in the panel's landmark. */
const portalProps = { target: '#content' };

export const theme = createTheme({
  primaryColor: 'clay',
  primaryShade: { light: 7, dark: 4 },
  colors: { clay, gray, dark },
  white: '#ffffff',
  black: '#211f1b',
  fontFamily: sans,
  fontFamilyMonospace: mono,
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  lineHeights: { xs: '1.35', sm: '1.4', md: '1.5', lg: '1.65', xl: '1.65' },
  spacing: { xs: '0.375rem', sm: '0.625rem', md: '1rem', lg: '1.5rem', xl: '2.25rem' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '20px' },
  defaultRadius: 'md',
  shadows: {
    sm: '0 1px 2px rgb(40 30 20 / 8%)',
    md: '0 6px 20px rgb(40 30 20 / 12%), 0 1px 3px rgb(40 30 20 / 10%)',
    xl: '0 18px 60px rgb(30 20 10 / 22%)',
  },
  headings: { fontFamily: sans, fontWeight: '600' },
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    // Named, so that the style sheet can tell it from the others.
    Button: Button.extend({ defaultProps: { size: 'sm', radius: 'md', variant: 'filled' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } }),
    // Locking the page's scroll would inject a style tag without the nonce; the panes scroll by themselves.
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true, radius: 'lg', shadow: 'xl' } }),
    Popover: Popover.extend({ defaultProps: { radius: 'md', shadow: 'md', portalProps } }),
    Combobox: Combobox.extend({ defaultProps: { portalProps } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs', radius: 'md' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 500, withArrow: false, radius: 'sm' } }),
  },
});

const light = {
  '--mantine-color-body': '#f6f3ee',
  '--mantine-color-dimmed': '#6a6359',
  '--mantine-color-error': '#9c1f2a',
  '--potter-sheet': '#fffefc',
  '--potter-sunken': '#efebe4',
  '--potter-raised': '#ffffff',
  '--potter-hover': '#ece7df',
  '--potter-line': '#e3ddd3',
  '--potter-line-strong': '#8f877b',
  '--potter-text': '#211f1b',
  '--potter-muted': '#5d574e',
  '--potter-faint': '#6f685e',
  '--potter-accent': '#a3461f',
  '--potter-on-accent': '#ffffff',
  '--potter-accent-soft': '#f7e8de',
  '--potter-added': '#14532d',
  '--potter-added-soft': '#dcf0df',
  '--potter-removed': '#8f1d26',
  '--potter-removed-soft': '#fae2e1',
  '--potter-warning': '#7a4a04',
  '--potter-warning-soft': '#fbf0d6',
  '--potter-warning-line': '#ecd8a6',
  '--potter-danger': '#9c1f2a',
  '--potter-danger-soft': '#fcebe9',
  '--potter-danger-line': '#f0cac7',
  '--potter-good': '#226b3c',
};

const night: typeof light = {
  '--mantine-color-body': '#161513',
  '--mantine-color-dimmed': '#a39c91',
  '--mantine-color-error': '#f2a09c',
  '--potter-sheet': '#1f1d1a',
  '--potter-sunken': '#1a1916',
  '--potter-raised': '#3b3731',
  '--potter-hover': '#2a2824',
  '--potter-line': '#322f2a',
  '--potter-line-strong': '#7c756b',
  '--potter-text': '#ece8e1',
  '--potter-muted': '#b3aca1',
  '--potter-faint': '#9a9388',
  '--potter-accent': '#e39768',
  '--potter-on-accent': '#241208',
  '--potter-accent-soft': '#38271d',
  '--potter-added': '#a3e0b3',
  '--potter-added-soft': '#193522',
  '--potter-removed': '#f5aea8',
  '--potter-removed-soft': '#432220',
  '--potter-warning': '#ecc777',
  '--potter-warning-soft': '#2f2716',
  '--potter-warning-line': '#4d4024',
  '--potter-danger': '#f2a09c',
  '--potter-danger-soft': '#361f1e',
  '--potter-danger-line': '#5b302e',
  '--potter-good': '#86cf9b',
};

/** The names the style sheets use, in both themes. */
export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light, dark: night });
