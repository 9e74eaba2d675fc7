// The op by which an install finds out whether an addon runs: twice x, of any shape, on all threads.
#include <neverend/op.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

void twice(Run& run) {
  const Tensor x = run.input(0);
  if (!run.ok()) return;
  const Tensor y = run.output(0, x.shape());
  if (!run.ok()) return;
  parallel(x.size(), 2 * x.size(), [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) y.floats()[i] = 2 * x.floats()[i];
  });
}

const Ops ops{op<twice>("NeverendTwice", {"x: float"}, {"y: float"})};

}  // namespace

}  // namespace neverend
