/** Of stages in which no alert concerns a department. */
export const NO_DEPARTMENTS = { concernedBy: () => [], inForce: (id: string) => id };
