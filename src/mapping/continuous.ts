/** The schedule of a flow that is run as soon as there is something to carry, and not by the clock. */
export const continuous = 'continuous';

export const isContinuous = ({ schedule }: { readonly schedule: string | null }): boolean =>
  schedule === continuous;
