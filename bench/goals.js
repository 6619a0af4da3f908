// What a measure has to reach, beside what it is compared with.
const { grouped } = require('./format');

/** The figure is at least so many times the one beside it. */
function atLeast(least) {
  return { text: `at least ${grouped(least)} times`, isReached: ({ ratio }) => ratio >= least };
}

/** The figure is at most so many times the one beside it. */
function atMost(most) {
  return { text: `at most ${grouped(most)} times`, isReached: ({ ratio }) => ratio <= most };
}

/** The figure is a time, and at least so many times shorter than the one beside it. */
function fasterBy(least) {
  return { text: `${grouped(least)} times faster`, isReached: ({ ratio }) => 1 / ratio >= least };
}

/** The figure itself is at most this. */
function noMoreThan(most) {
  return { text: `at most ${grouped(most)}`, isReached: ({ ours }) => ours <= most };
}

/** The figure is at most so much larger than the one beside it. */
function atMostAbove(most) {
  return { text: `at most ${grouped(most)} more`, isReached: ({ ours, beside }) => ours - beside <= most };
}

module.exports = { atLeast, atMost, atMostAbove, fasterBy, noMoreThan };
