interface Titled {
  readonly name: string;
  readonly title: string;
}

/** Learners whose titles tell them apart: those that share one have their name after it. Names are unique. */
export function distinctTitles<T extends Titled>(learners: readonly T[]): T[] {
  const named = (learner: T): T => ({ ...learner, title: `${learner.title} (${learner.name})` });
  const count = ({ title }: T) => learners.filter((other) => other.title === title).length;
  const some = learners.map((learner) => (count(learner) > 1 ? named(learner) : learner));
  // A title may look like another one with its name: then all have theirs.
  const isDistinct = new Set(some.map(({ title }) => title)).size === learners.length;
  return isDistinct ? some : learners.map(named);
}
