// Else a module's number, and so the name of a file, would depend on the folder it is built in.
module.exports = { optimization: { moduleIds: "natural" } };
