/** The milliseconds that some work took. */
async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function sleep(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** A function that is true until the time is over, and then throws. */
function deadline(milliseconds, message) {
  const end = performance.now() + milliseconds;
  return () => {
    if (performance.now() > end) {
      throw new Error(`${message} within ${milliseconds} ms`);
    }
    return true;
  };
}

module.exports = { deadline, sleep, timed };
