// In the place of what no schema of ours asks for.
export default () => null;
