"""HTTP/1.1 as servers speak it, with every way to break it that a test may ask for."""
