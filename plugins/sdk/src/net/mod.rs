//! The wire: connections with deadline, proxy, TLS, SASL and transcript.
