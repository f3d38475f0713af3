/** A fault as somebody might make it: a piece of code and what stands in its place. */
export interface PlantedFault {
  readonly name: string;
  readonly file: string;
  readonly search: string;
  readonly replace: string;
  /** Test files that are to catch it, where the simulation alone does not have to. */
  readonly tests?: readonly string[];
}
