import { createTheme } from "@mui/material/styles";

// The look, for a light and for a dark screen.
export const theme = (mode) =>
  createTheme({
    palette: {
      mode,
      primary: { main: mode === "dark" ? "#7ccfdf" : "#0b5c6b" },
      ...(mode === "dark" && { error: { main: "#ff8a80" } }),
      background: mode === "dark" ? { default: "#10171a", paper: "#182225" } : { default: "#f3f6f7", paper: "#ffffff" },
    },
    shape: { borderRadius: 10 },
    typography: {
      fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
      h1: { fontSize: "1.15rem", fontWeight: 650 },
      h2: { fontSize: "1.25rem", fontWeight: 650 },
      h3: { fontSize: "1rem", fontWeight: 650 },
      button: { textTransform: "none", fontWeight: 600 },
    },
    components: {
      MuiTextField: { defaultProps: { size: "small", fullWidth: true } },
      MuiButton: { defaultProps: { disableElevation: true } },
      MuiPaper: { defaultProps: { variant: "outlined" } },
      MuiButtonBase: { defaultProps: { disableRipple: true }, styleOverrides: { root: { "&:focus-visible": { outline: `2px solid ${mode === "dark" ? "#7ccfdf" : "#0b5c6b"}`, outlineOffset: 2 } } } },
    },
  });
