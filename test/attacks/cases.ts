/**
 * The attacks of the list that concern the windows (D), the loopback API (E), the way out (H) and deep links (L): each
 * needs a test.
 */
export const attackCases: Readonly<Record<string, readonly string[]>> = {
  B: ['B21', 'B22'],
  D: [
    ...['D01', 'D02', 'D03', 'D04', 'D05', 'D07', 'D08', 'D09', 'D10', 'D11', 'D12', 'D13', 'D14', 'D15', 'D17', 'D18'],
  ],
  E: ['E01', 'E04', 'E05', 'E06', 'E07', 'E09', 'E10', 'E12', 'E14', 'E15', 'E17', 'E18', 'E19'],
  H: [
    ...['H01', 'H02', 'H03', 'H05', 'H06', 'H07', 'H08', 'H09', 'H10', 'H12', 'H14', 'H16', 'H17', 'H18', 'H19', 'H20'],
    ...['H21', 'H22', 'H23', 'H24', 'H25', 'H26'],
  ],
  L: ['L01', 'L02', 'L04', 'L05', 'L07'],
};

/** Every fault of a provider there is a rule for: `F01` to `F62`. */
export const faultCases: readonly string[] = Array.from(
  { length: 62 },
  (_, index) => `F${String(index + 1).padStart(2, '0')}`,
);
