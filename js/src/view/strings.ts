// Every word that a person reads in the view.

export const strings = {
  run: (name: string) => `Run ${name}`,
  ofExperiment: (number: number, experiment: string) => `#${number} · ${experiment}`,
  showDetails: "Show details",
  hideDetails: "Hide details",

  cancelRun: "Cancel run",
  confirmCancel: "Confirm cancel",
  keepRunning: "Keep running",
  cancelChild: (name: string) => `Cancel run ${name}`,
  confirmCancelChild: (name: string) => `Confirm cancel ${name}`,
  keepChildRunning: (name: string) => `Keep running ${name}`,
  askedToStop: (ago: string) => `asked to stop ${ago} ago`,
  forcedIn: (time: string) => `forced in ${time}`,
  forced: "being forced",
  noAnswer:
    "Nobody answered, so nothing may have been changed. The kernel may be busy or gone: wait for " +
    "its cell to end, or run the cell again, and repeat this.",

  tags: "Tags",
  addTag: "Add tag",
  addTagHint: "Add tag…",
  editTag: (key: string) => `Edit tag ${key}`,
  removeTag: (key: string) => `Remove tag ${key}`,
  valueOfTag: (key: string) => `Value of tag ${key}`,

  views: "Views of the run",
  tabs: {
    children: "Children",
    metrics: "Metrics",
    logs: "Logs",
    files: "Files",
    details: "Details",
  },

  childRuns: "Child runs",
  filterRuns: "Filter runs",
  filterHint: "Filter by name, status, tag…",
  noChildren: "This run has no child runs.",
  noMatch: "No run matches the filter.",
  columns: { name: "Run", status: "Status", duration: "Time", tags: "Tags", action: "Action" },
  expand: "Expand",
  collapse: "Collapse",
  childrenByStatus: "Child runs by status",
  countRuns: (count: number) => (count === 1 ? "1 run" : `${count.toLocaleString("en")} runs`),

  noMetrics: "No metrics yet. run.log(name, value) adds them.",
  byStep: (metric: string) => `${metric} by step`,
  showAsTable: "Show as table",
  step: "Step",
  atStep: (step: string) => `step ${step}`,
  countPoints: (count: number) =>
    count === 1 ? "1 point" : `${count.toLocaleString("en")} points`,

  logOf: (name: string) => `Log ${name}`,
  logFile: "Log file",
  follow: "Follow",
  noLog: "Nothing has been printed yet.",
  noLogFile: "This run has no log: it was started in a notebook, which shows what it prints.",
  logCut: "The beginning of the file is not shown.",

  noFiles: "No files yet. What a script writes to outputs/ appears here.",
  fileName: "Name",
  fileSize: "Size",

  properties: "Properties",
  details: "Details",
  noProperties: "No properties.",
  description: "Description",

  traceback: "Traceback",
  lastKnown: (time: string) => `Last known state, ${time}`,
  dismiss: "Dismiss",
} as const;
