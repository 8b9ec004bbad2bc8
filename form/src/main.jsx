import createCache from "@emotion/cache";
import { CacheProvider } from "@emotion/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import App from "./App.jsx";

// Styles are made while the page runs; the server allows those that carry its nonce.
const cache = createCache({ key: "pk", nonce: document.querySelector('meta[property="csp-nonce"]').nonce });

createRoot(document.getElementById("page")).render(
  <StrictMode>
    <CacheProvider value={cache}>
      <App />
    </CacheProvider>
  </StrictMode>,
);
