// In the place of themes with variables of CSS, which the page does without.
const refused = () => {
  throw new Error("the theme of this page has no variables of CSS");
};

export const CssVarsProvider = refused;
export default refused;
