// The few pictures on buttons that the material renderers ask for; the package that has them holds ten thousand others.
const none = () => null;
export { none as Add, none as ArrowDownward, none as ArrowUpward, none as Close, none as Delete, none as ErrorOutline, none as ExpandMore };
