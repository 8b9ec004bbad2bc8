// In the place of a reader of URIs: a schema of ours refers to nothing.
export default { equal: (one, other) => one === other, resolve: (base, reference) => reference };
