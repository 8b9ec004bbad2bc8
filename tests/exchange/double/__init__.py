"""A double of Exchange: EWS, Graph, the token endpoint and Autodiscover, for tests on loopback."""
